"""Words of the module: reasons beyond those of the mechanism, kinds of key stores."""

from __future__ import annotations

from ops_app.i18n import N_, _, language
from ops_app.mechanisms.document.declaration import declarations
from ops_app.mechanisms.signature.verdict import REASONS
from ops_app.modules.accounts.conditions import CLOSED

POWERS = {
    "several_signers": N_("The file holds more than one signature"),
    "iin_unknown": N_("The account has no IIN to compare the certificate with"),
    "iin_differs": N_("The certificate belongs to another person"),
    "bin_differs": N_("The certificate was issued for another organisation"),
    "no_position": N_("The signer holds no position in this organisation"),
    "no_account": N_("No active account belongs to the IIN of the certificate"),
    "several_accounts": N_("Several accounts belong to the IIN of the certificate; sign in with a password"),
    "challenge_old": N_("The sign-in page was open for too long or was used already"),
    "act_old": N_("What was signed is not what is about to be done, or it waited for too long; sign again"),
    "damaged": N_("The stored document is damaged"),
    **CLOSED,
}

PURPOSES = {
    "sign_in": N_("Sign-in"),
    "document": N_("Signing a document"),
    "account_change": N_("Signing a change of an account"),
    "action": N_("Signing an act"),
}

ACTIONS = {
    "action:account_change": N_("Change of an account or its rights"),
    "action:aggregator": N_("Naming the aggregator of personal medical data"),
    "action:annulment": N_("Annulment of an issued document"),
    "action:destruction": N_("Destruction of a person's data by an act"),
    "action:person_export": N_("Giving out the data of a person"),
    "action:result_confirmation": N_("Confirmation of laboratory results"),
}
"""Actions whose signature can be made mandatory; none is unless a rule says so."""

STORES = (
    ("", N_("any key store")),
    ("PKCS12", N_("file on this computer")),
    ("AKKZIDCardStore", N_("identity card")),
    ("AKKaztokenStore", "KAZTOKEN"),
    ("AKEToken72KStore", "eToken PRO 72K"),
    ("AKEToken5110Store", "eToken 5110"),
    ("AKJaCartaStore", "JaCarta"),
    ("AKAKEYStore", "aKey"),
)
"""Key stores that NCALayer knows, by its own names."""


def reason_text(reason: str) -> str:
    """Why a signature was not accepted, in the language of the request."""
    return _(POWERS[reason] if reason in POWERS else REASONS[reason][1])


def subject_text(subject: str) -> str:
    """What a rule is about."""
    if subject in ACTIONS:
        return _(ACTIONS[subject])
    return declarations()[subject.removeprefix("document:")].title.of(language())
