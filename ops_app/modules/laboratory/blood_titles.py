"""What the codes of transfusions and their reactions are called."""

from __future__ import annotations

from ops_app.i18n import N_

COMPONENTS = {
    "red_cells": N_("red cells"),
    "platelets": N_("platelets"),
    "plasma": N_("plasma"),
    "cryoprecipitate": N_("cryoprecipitate"),
    "whole_blood": N_("whole blood"),
}
CROSSMATCHES = {
    "compatible": N_("compatible"),
    "incompatible": N_("incompatible"),
    "not_done": N_("not done"),
}
REACTIONS = {
    "febrile": N_("fever"),
    "allergic": N_("allergic"),
    "acute_haemolytic": N_("acute haemolysis"),
    "delayed_haemolytic": N_("delayed haemolysis"),
    "lung_injury": N_("acute lung injury"),
    "circulatory_overload": N_("circulatory overload"),
    "bacterial": N_("bacterial contamination"),
    "hypotensive": N_("fall of blood pressure"),
    "other": N_("other reaction"),
}
SEVERITIES = {
    "mild": N_("mild"),
    "severe": N_("severe"),
    "life_threatening": N_("life-threatening"),
    "death": N_("death"),
}
IMPUTABILITIES = {
    "excluded": N_("not by the transfusion"),
    "possible": N_("possibly by it"),
    "probable": N_("probably by it"),
    "certain": N_("certainly by it"),
}
RHESUS = {"positive": N_("Rh+"), "negative": N_("Rh−")}
