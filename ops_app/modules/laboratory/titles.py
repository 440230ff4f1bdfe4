"""Words for what the laboratory stores as codes."""

from __future__ import annotations

from ops_app.i18n import N_

ORDER_STATES = {
    "registered": N_("ordered"),
    "in_progress": N_("in the laboratory"),
    "completed": N_("completed"),
    "cancelled": N_("cancelled"),
}
SERVICE_STATES = {
    "ordered": N_("waits for material"),
    "in_progress": N_("to be measured"),
    "partial": N_("partly entered"),
    "entered": N_("to be confirmed"),
    "confirmed": N_("confirmed"),
    "replaced": N_("replaced"),
    "cancelled": N_("cancelled"),
}
SERVICE_COLOURS = {"confirmed": "green", "entered": "amber", "partial": "amber", "in_progress": "amber"}
TUBE_STATES = {
    "planned": N_("to be taken"),
    "collected": N_("specimen taken"),
    "sent": N_("on the way"),
    "received": N_("accepted"),
    "rejected": N_("specimen rejected"),
}
TUBE_COLOURS = {"received": "green", "rejected": "red", "sent": "amber", "collected": "amber"}
SPECIMENS = {
    "blood_edta": N_("blood with EDTA"),
    "blood_serum": N_("blood for serum"),
    "blood_citrate": N_("blood with citrate"),
    "blood_fluoride": N_("blood with fluoride"),
    "blood_capillary": N_("capillary blood"),
    "urine": N_("urine"),
    "urine_24h": N_("urine of 24 hours"),
    "stool": N_("stool"),
    "sputum": N_("sputum"),
    "smear": N_("smear"),
    "swab": N_("swab"),
    "tissue": N_("tissue"),
    "other": N_("other material"),
}
CONTAINERS = {
    "purple": N_("purple cap"),
    "yellow": N_("yellow cap"),
    "blue": N_("blue cap"),
    "grey": N_("grey cap"),
    "capillary": N_("capillary"),
    "urine_cup": N_("cup"),
    "formalin": N_("jar with formalin"),
}
REJECTS = {
    "haemolysed": N_("haemolysis"),
    "clotted": N_("clot"),
    "too_little": N_("too little material"),
    "wrong_container": N_("wrong tube"),
    "unlabelled": N_("no label"),
    "wrong_person": N_("label of another person"),
    "late": N_("delivered too late"),
    "leaked": N_("leaked or broken"),
    "lipaemic": N_("lipaemia"),
    "other": N_("another reason"),
}
REJECT_STAGES = {"sending": N_("at sending"), "receiving": N_("at receiving")}
FLAGS = {
    "N": N_("normal"),
    "L": N_("low"),
    "H": N_("high"),
    "LL": N_("critically low"),
    "HH": N_("critically high"),
    "A": N_("abnormal"),
    "AA": N_("critically abnormal"),
}
FLAG_COLOURS = {"L": "amber", "H": "amber", "A": "amber", "LL": "red", "HH": "red", "AA": "red"}
HELD = {
    "preliminary": N_("sent as preliminary"),
    "quality_control": N_("quality control of the analyser failed"),
    "unknown_unit": N_("came in an unknown unit"),
    "impossible_value": N_("outside what is possible"),
    "unknown_value": N_("a value the list does not hold"),
    "no_number": N_("came as text, not as a number"),
}
UNMATCHED = {
    "no_order": N_("no order has this number"),
    "no_number": N_("it names no order and no tube"),
    "numbers_disagree": N_("tube and order number belong to different orders"),
    "order_cancelled": N_("the order is cancelled"),
    "specimen_rejected": N_("the tube was rejected"),
    "another_person": N_("it names another person than the order"),
    "nothing_ordered": N_("none of its tests was ordered"),
    "confirmed_already": N_("these results are confirmed already"),
    "confirmed_otherwise": N_(
        "other values are confirmed already: compare them and correct at the order what is wrong"
    ),
    "no_person": N_("it names nobody who is known here for certain"),
}
CHANGES = {"replaced": N_("replaced"), "added": N_("added"), "reflex": N_("added because of a result")}
FOLLOW_UP_STATES = {
    "open": N_("nobody has read it"),
    "seen": N_("read, the patient does not know"),
    "told": N_("the patient was told"),
    "booked": N_("something is booked"),
    "done": N_("done"),
}
TOLD_HOW = {
    "telephone": N_("by telephone"),
    "visit": N_("at a visit"),
    "home_visit": N_("at home"),
    "message": N_("by a message"),
}
DONE_HOW = {
    "treated": N_("treated"),
    "repeated_normal": N_("repeated, normal"),
    "referred": N_("referred further"),
    "no_action_needed": N_("nothing needed"),
    "refused": N_("the patient refuses"),
    "moved_away": N_("moved away"),
    "died": N_("died"),
}
ACTIONS = {
    "laboratory:unmatched_opened": N_("Opened a report without an order"),
    "laboratory:bench": N_("Opened the worklist of the laboratory"),
    "laboratory:new_order": N_("Began a laboratory order"),
    "laboratory:new_registration": N_("Began to register material"),
    "laboratory:file": N_("Opened a file of a laboratory report"),
    "laboratory:order": N_("Opened a laboratory order"),
    "laboratory:print": N_("Printed laboratory results"),
    "laboratory:labels": N_("Printed labels"),
    "laboratory:of_patient": N_("Opened laboratory results of a person"),
    "laboratory:trend": N_("Opened a laboratory parameter over time"),
    "laboratory:order_tests": N_("Ordered tests"),
    "laboratory:register": N_("Registered a laboratory order"),
    "laboratory:take_referrals": N_("Registered a laboratory order"),
    "laboratory:collect": N_("Took material"),
    "laboratory:send": N_("Sent material"),
    "laboratory:receive": N_("Accepted material"),
    "laboratory:reject": N_("Rejected material"),
    "laboratory:enter": N_("Entered laboratory results"),
    "laboratory:remove": N_("Removed a laboratory value"),
    "laboratory:confirm": N_("Confirmed laboratory results"),
    "laboratory:correct": N_("Corrected a laboratory result"),
    "laboratory:call": N_("Recorded a call about a critical value"),
    "laboratory:confirm_all": N_("Confirmed the results of a laboratory order"),
    "laboratory:change": N_("Changed a laboratory order"),
    "laboratory:cancel": N_("Cancelled a laboratory order"),
    "laboratory:match": N_("Assigned a laboratory report"),
    "laboratory:dismiss": N_("Set a laboratory report aside"),
    "laboratory:report": N_("Opened a laboratory report"),
    "laboratory:follow_up": N_("Opened an abnormal result"),
    "laboratory:follow_up_step": N_("Acted on an abnormal result"),
    "laboratory:blood": N_("Opened blood group and transfusions"),
    "laboratory:determine": N_("Entered a blood group"),
    "laboratory:transfuse": N_("Recorded a transfusion"),
    "laboratory:group_wrong": N_("Withdrew a blood group"),
    "laboratory:reaction": N_("Reported a reaction to a transfusion"),
    "laboratory:reaction_page": N_("Opened a reaction to a transfusion"),
    "laboratory:conclude_reaction": N_("Concluded on a reaction to a transfusion"),
    "laboratory:add_range": N_("Set a reference range"),
    "laboratory:add_workplace": N_("Set up a workplace"),
    "laboratory:approve_ranges": N_("Confirmed default reference ranges"),
    "laboratory:form_report": N_("Formed a laboratory report"),
    "laboratory:record": N_("Opened a medical record of the laboratory"),
    "laboratory:write_record": N_("Wrote a medical record of the laboratory"),
    "laboratory:keep_record_template": N_("Kept a template of a medical record"),
    "laboratory:attach_image": N_("Attached an image to a result"),
    "laboratory:result_image": N_("Opened an image of a result"),
    "laboratory:set_scheme": N_("Set the numbering of the laboratory"),
}
