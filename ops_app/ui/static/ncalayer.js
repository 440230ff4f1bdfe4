// Signing through NCALayer, which runs on the user's own machine and alone holds the keys.
"use strict";

(() => {
  const EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4";
  const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
  const find = (selector) => document.querySelector(selector);

  function tell(kind, more = "") {
    const told = find("[data-told]");
    told.hidden = false;
    told.textContent = `${told.dataset[kind]} ${more}`.trim();
    told.scrollIntoView({ block: "nearest" });
  }

  // One request over one socket; NCALayer greets first and may send heartbeats between.
  function ask(address, request) {
    return new Promise((resolve, reject) => {
      let asked = false;
      let socket;
      try { socket = new WebSocket(address); } catch (problem) { reject({ kind: "absent" }); return; }
      const failed = () => reject({ kind: asked ? "cancelled" : "absent" });
      socket.onerror = failed;
      socket.onclose = failed;
      socket.onopen = () => { asked = true; socket.send(JSON.stringify(request)); };
      socket.onmessage = (event) => {
        let answer;
        try { answer = JSON.parse(event.data); } catch (problem) { return; }
        if (answer === null || !("status" in answer || "code" in answer)) return;
        socket.onclose = null;
        socket.close();
        resolve(answer);
      };
    });
  }

  // Signs base64 texts with one password: the answer has a CMS for each, in their order.
  async function sign(address, store, contents, { attached, usage }) {
    const args = {
      format: "cms",
      data: contents,
      signingParams: { decode: true, encapsulate: attached, digested: false, tsaProfile: usage === EMAIL_PROTECTION ? {} : null },
      signerParams: { extKeyUsageOids: [usage], chain: null },
      locale: document.documentElement.lang === "kk" ? "kk" : document.documentElement.lang === "en" ? "en" : "ru",
    };
    if (store) args.allowedStorages = [store];
    const answer = await ask(address, { module: "kz.gov.pki.knca.basics", method: "sign", args });
    if (answer.status === false) throw { kind: answer.code === "USER_CANCELED" ? "cancelled" : "failed", text: answer.message };
    let result = answer.body && answer.body.result;
    if (typeof result === "string") result = [result];
    if (!Array.isArray(result) || result.length !== contents.length) throw { kind: "cancelled" };
    return result.map((text) => text.replace(/-----[^-]+-----|\s/g, ""));
  }

  async function send(address, body) {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": find("meta[name=csrf-token]").content },
      body: JSON.stringify(body),
    });
    const told = await answer.json();
    if (!answer.ok) throw { kind: "failed", text: told.error };
    return told;
  }

  async function enter(button) {
    const [cms] = await sign(button.dataset.ncalayer, find("[data-store]").value, [button.dataset.enter], { attached: true, usage: CLIENT_AUTH });
    const form = button.form;
    form.elements.cms.value = cms;
    form.submit();
  }

  async function signChosen(button) {
    const ids = [...document.querySelectorAll("[data-document]:checked")].map((box) => Number(box.value));
    if (!ids.length) throw { kind: "nothing" };
    const { documents } = await send(button.dataset.content, { ids });
    const signatures = await sign(button.dataset.ncalayer, find("[data-store]").value, documents.map((one) => one.content), { attached: false, usage: EMAIL_PROTECTION });
    const { results } = await send(button.dataset.sign, { signatures: documents.map((one, at) => ({ id: one.id, cms: signatures[at] })) });
    const refused = results.filter((one) => one.result !== "valid");
    if (!refused.length) { location.reload(); return; }
    for (const one of results) {
      const row = find(`[data-row="${one.id}"]`);
      if (one.result === "valid") row.remove(); else row.querySelector("[data-reason]").textContent = one.text;
    }
  }

  async function signAct(button) {
    const [cms] = await sign(button.dataset.ncalayer, find("[data-store]").value, [button.dataset.signAct], { attached: false, usage: EMAIL_PROTECTION });
    button.form.elements._cms.value = cms;
    button.form.submit();
  }

  document.addEventListener("click", async (event) => {
    if (event.target.closest("[data-back]")) history.back();
    const all = event.target.closest("[data-choose-all]");
    if (all) document.querySelectorAll("[data-document]").forEach((box) => { box.checked = all.checked; });
    const button = event.target.closest("[data-enter], [data-sign], [data-sign-act]");
    if (!button) return;
    find("[data-told]").hidden = true;
    button.disabled = true;
    try {
      await (button.hasAttribute("data-enter") ? enter : button.hasAttribute("data-sign-act") ? signAct : signChosen)(button);
    } catch (problem) {
      tell(problem.kind || "failed", problem.text || "");
    } finally {
      button.disabled = false;
    }
  });
})();
