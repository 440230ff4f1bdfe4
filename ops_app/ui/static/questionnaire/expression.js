// The formulas of definitions in the browser: walks the trees that expression.py made, as evaluation.py and
// scoring.py do. A test gives both the same answers and compares what they say.
"use strict";

(() => {
  const CLOSE = 1e-9;
  const DATE = /^[1-9]\d{3}-\d{2}-\d{2}$/;
  const isNumber = (value) => typeof value === "number";
  const finite = (value) => (Number.isFinite(value) ? value : null);
  const total = (numbers) => numbers.reduce((sum, number) => sum + number, 0);
  const missing = (value) => value === null || value === undefined;

  function rounded(value, digits) {
    const scale = Math.pow(10, digits);
    const whole = finite(Math.abs(value) * scale + 0.5 + CLOSE);
    if (whole === null) return null;
    if (whole < 1) return 0;
    return Math.sign(value) * (Math.floor(whole) / scale);
  }

  function asDay(value) {
    if (typeof value !== "string" || !DATE.test(value)) return null;
    const [year, month, day] = value.split("-").map(Number);
    const moment = new Date(Date.UTC(year, month - 1, day));
    return moment.getUTCMonth() === month - 1 && moment.getUTCDate() === day ? { year, month, day, moment } : null;
  }

  function evaluate(tree, facts) {
    const [kind] = tree;
    switch (kind) {
      case "number": case "text": case "boolean": return tree[1];
      case "null": return null;
      case "ref": return missing(facts.values[tree[1]]) ? null : facts.values[tree[1]];
      case "and": return evaluate(tree[1], facts) === true && evaluate(tree[2], facts) === true;
      case "or": return evaluate(tree[1], facts) === true || evaluate(tree[2], facts) === true;
      case "not": return evaluate(tree[1], facts) !== true;
      case "compare": return compare(tree[1], evaluate(tree[2], facts), evaluate(tree[3], facts));
      case "arithmetic": return arithmetic(tree[1], evaluate(tree[2], facts), evaluate(tree[3], facts));
      case "points": return ofPoints(tree[1], tree[2], facts);
      case "column": return [...((facts.columns[tree[1]] || {})[tree[2]] || [])];
      case "rows": return Math.max(0, ...Object.values(facts.columns[tree[1]] || {}).map((rows) => rows.length));
      default: return call(tree[1], tree[2], facts);
    }
  }

  function compare(sign, left, right) {
    if (left === null || right === null || Array.isArray(left) || Array.isArray(right)) return false;
    if (typeof left !== typeof right) return false;
    if (sign === "==") return left === right;
    if (sign === "!=") return left !== right;
    if (typeof left === "boolean") return false;
    // Only days have an order that is the same everywhere.
    if (typeof left === "string" && !(DATE.test(left) && DATE.test(right))) return false;
    return { "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right }[sign];
  }

  function arithmetic(sign, left, right) {
    if (!isNumber(left) || !isNumber(right)) return null;
    switch (sign) {
      case "+": return finite(left + right);
      case "-": return finite(left - right);
      case "*": return finite(left * right);
      case "/": return finite(left / right);
      default: return finite(Math.pow(left, right));
    }
  }

  function ofPoints(name, items, facts) {
    // A hidden item has no place in `points` and counts for nothing.
    const shown = items.filter((item) => item in facts.points).map((item) => facts.points[item]);
    const given = shown.filter((value) => value !== null);
    switch (name) {
      case "count_answered": return given.length;
      case "answered_points": return total(given);
      case "max_points": return given.length ? Math.max(...given) : 0;
      case "points": return shown.length ? shown[0] : null;
      default: return given.length === shown.length ? total(given) : null;
    }
  }

  function between(name, first, second) {
    const start = asDay(first), end = asDay(second);
    if (!start || !end) return null;
    if (name === "days_between") return Math.round((end.moment - start.moment) / 86400000);
    const before = end.month < start.month || (end.month === start.month && end.day < start.day);
    return end.year - start.year - (before ? 1 : 0);
  }

  const ofNumbers = {
    abs: (n) => Math.abs(n[0]),
    ceil: (n) => Math.ceil(n[0]),
    exp: (n) => finite(Math.exp(n[0])),
    floor: (n) => Math.floor(n[0]),
    largest: ([place, ...rest]) => {
      const ordered = rest.sort((a, b) => b - a);
      return Number.isInteger(place) && place >= 1 && place <= ordered.length ? ordered[place - 1] : null;
    },
    ln: (n) => (n[0] > 0 ? Math.log(n[0]) : null),
    max: (n) => Math.max(...n),
    mean: (n) => finite(total(n) / n.length),
    min: (n) => Math.min(...n),
    round: (n) => (n.length === 2 && [0, 1, 2, 3, 4, 5, 6].includes(n[1]) ? rounded(n[0], n[1]) : null),
    sqrt: (n) => (n[0] >= 0 ? Math.sqrt(n[0]) : null),
    sum: (n) => finite(total(n)),
  };

  function call(name, trees, facts) {
    if (name === "if") return evaluate(trees[evaluate(trees[0], facts) === true ? 1 : 2], facts);
    const values = trees.map((tree) => evaluate(tree, facts));
    const flat = values.flat(Infinity);
    switch (name) {
      case "coalesce": { const found = values.find((value) => !missing(value)); return found === undefined ? null : found; }
      case "answered": return !missing(values[0]) && values[0] !== "" && !(Array.isArray(values[0]) && !values[0].length);
      case "has": return Array.isArray(values[0]) && typeof values[1] === "string" && values[0].includes(values[1]);
      case "count": return flat.filter((value) => !missing(value)).length;
      case "count_true": return flat.filter((value) => value === true).length;
      case "given": return flat.filter((value) => !missing(value));
      case "days_between": case "years_between": return between(name, values[0], values[1]);
      default: return flat.length && flat.every(isNumber) ? ofNumbers[name](flat) : null;
    }
  }

  // ---- a whole form
  const holds = (model, path, facts) => !model.trees[path] || evaluate(model.trees[path], facts) === true;

  function valueOf(item, answers) {
    const answer = answers[item.id];
    const known = (code) => item.options.some((option) => option.value === code);
    switch (item.type) {
      case "boolean": return answer === true;
      case "number": return isNumber(answer) ? answer : null;
      case "choice":
        if (!item.multiple) return known(answer) ? answer : null;
        { const kept = item.options.map((option) => option.value).filter((code) => Array.isArray(answer) && answer.includes(code));
          return kept.length ? kept : null; }
      case "code": return (answer && typeof answer === "object" ? answer.code : answer) || null;
      case "date": return asDay(answer) ? answer : null;
      case "text": return typeof answer === "string" && answer ? answer : null;
      default: return null;
    }
  }

  function calculated(model, item, facts, path) {
    const value = evaluate(model.trees[path], facts);
    return isNumber(value) ? rounded(value, item.decimals) : value;
  }

  function pointsOf(model, item, value, facts) {
    if (item.type === "boolean") return value === true ? item.points : 0;
    if (value === null) return null;
    if (item.type === "choice") {
      const given = item.options.filter((option) => option.value === value || (Array.isArray(value) && value.includes(option.value)));
      return given.every((option) => option.points !== null) ? total(given.map((option) => option.points)) : null;
    }
    for (const band of item.point_bands || []) {
      if ((band.to === null || value <= band.to) && (band.below === null || value < band.below)) return band.points;
    }
    const tree = model.trees[item.id + ".points"];
    if (!tree) return null;
    const found = evaluate(tree, { ...facts, values: { ...facts.values, value } });
    return isNumber(found) ? found : null;
  }

  function tableRows(item, answer) {
    if (item.rows) return item.rows.map((row) => [row.id, (answer && !Array.isArray(answer) && answer[row.id]) || {}, row.values]);
    return (Array.isArray(answer) ? answer : []).slice(0, item.max_rows).map((row, number) => [String(number), row, {}]);
  }

  function columnsOf(model, item, answer, cells) {
    const columns = {};
    for (const column of item.columns) if (["number", "choice", "calculated"].includes(column.type)) columns[column.id] = [];
    for (const [key, row, given] of tableRows(item, answer)) {
      const known = { ...given };
      for (const column of item.columns) {
        let value;
        if (column.type === "calculated") {
          value = calculated(model, column, { values: known, points: {}, columns: {} }, `${item.id}.${column.id}.formula`);
          cells[`${key}--${column.id}`] = value;
        } else value = valueOf(column, row);
        known[column.id] = value;
        if (columns[column.id]) columns[column.id].push(column.type === "choice" ? pointsOf(model, column, value, { values: {}, points: {}, columns: {} }) : value);
      }
    }
    return columns;
  }

  function outcome(model, answers, person) {
    const result = { visible: [], values: {}, points: {}, cells: {}, score: null, bands: [], alerts: [], broken: [] };
    const facts = { values: { ...person }, points: result.points, columns: {} };
    for (const section of model.sections) {
      const shown = holds(model, section.id + ".visible", facts);
      if (shown) result.visible.push(section.id);
      for (const item of section.items) {
        if (!shown || !holds(model, item.id + ".visible", facts)) continue;
        result.visible.push(item.id);
        if (item.type === "table") {
          facts.columns[item.id] = columnsOf(model, item, answers[item.id], (result.cells[item.id] = {}));
          continue;
        }
        const value = item.type === "calculated" ? calculated(model, item, facts, item.id + ".formula") : valueOf(item, answers);
        facts.values[item.id] = result.values[item.id] = value;
        if (item.scored) result.points[item.id] = pointsOf(model, item, value, facts);
      }
    }
    if (model.score) {
      const reached = evaluate(model.trees.score, facts);
      if (isNumber(reached)) result.score = rounded(reached, model.score.decimals);
    }
    facts.values.score = result.score;
    const numbers = (list) => list.map((_entry, number) => number);
    result.bands = numbers(model.bands).filter((n) => result.score !== null && model.bands[n].from <= result.score && result.score <= model.bands[n].to && holds(model, `bands.${n}`, facts));
    result.alerts = numbers(model.alerts).filter((n) => holds(model, `alerts.${n}`, facts));
    result.broken = numbers(model.rules).filter((n) => !holds(model, `rules.${n}`, facts));
    return result;
  }

  const api = { evaluate, outcome, rounded };
  if (typeof module !== "undefined") module.exports = api;
  else globalThis.SaulyqForm = api;
})();
