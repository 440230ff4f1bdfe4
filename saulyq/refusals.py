"""What Typer refuses, in the user's language: it writes these sentences in English and translates none of them.

A msgid is the sentence as Typer writes it, with ``%(name)s`` for what varies; the same msgid recognises it.
"""

import re

from saulyq.language import N_, _

SENTENCES = (
    N_("No such command '%(name)s'. Did you mean %(near)s?"),
    N_("No such command '%(name)s'."),
    N_("No such option: %(name)s (Possible options: %(near)s)"),
    N_("No such option: %(name)s"),
    N_("Missing command."),
    N_("Missing argument '%(name)s'. Choose from: %(known)s"),
    N_("Missing argument '%(name)s'."),
    N_("Missing option '%(name)s'. Choose from: %(known)s"),
    N_("Missing option '%(name)s'."),
    N_("Option '%(name)s' requires an argument."),
    N_("Option '%(name)s' does not take a value."),
    N_("Got unexpected extra argument(s) (%(values)s)"),
    N_("Invalid value for %(name)s: %(why)s"),
    N_("Invalid value: %(why)s"),
    N_("'%(value)s' is not one of %(known)s."),
    N_("File '%(path)s' does not exist."),
    N_("Directory '%(path)s' does not exist."),
    N_("File '%(path)s' is a directory."),
    N_("Directory '%(path)s' is a file."),
    N_("File '%(path)s' is not readable."),
    N_("Input should be a valid integer, unable to parse string as an integer"),
    N_("Input should be greater than or equal to %(limit)s"),
    N_("Input should be less than or equal to %(limit)s"),
)


def retold(refusal: str) -> str:
    """A refusal in the user's language; one that is not known here stays as it is."""
    text = " ".join(refusal.replace("Value error, ", "").split())
    for sentence in SENTENCES:
        found = re.fullmatch(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(sentence)), text)
        if found:
            values = found.groupdict()
            return _(sentence, **values | ({"why": retold(values["why"])} if "why" in values else {}))
    return text
