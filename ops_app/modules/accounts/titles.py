"""Words for roles and for what the journal says about accounts."""

from __future__ import annotations

from ops_app.i18n import N_
from ops_app.permissions import Role

ROLES = {
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.REGISTRAR: N_("Registrar"),
    Role.NURSE: N_("Nurse"),
    Role.DOCTOR: N_("Doctor"),
    Role.DEPARTMENT_HEAD: N_("Head of department"),
    Role.CHIEF_PHYSICIAN: N_("Chief physician"),
    Role.OFFICIAL: N_("Regional health official"),
    Role.DATA_ENGINEER: N_("Data engineer"),
    Role.LABORATORY_TECHNICIAN: N_("Laboratory technician"),
    Role.LABORATORY_DOCTOR: N_("Laboratory doctor"),
    Role.ONCALL_OBSTETRICIAN: N_("Regional on-call obstetrician"),
    Role.DATA_OFFICER: N_("Officer for personal data"),
    Role.RADIOGRAPHER: N_("Radiographer"),
    Role.RADIOLOGIST: N_("Radiologist, functional diagnostics"),
}

LEVELS = {
    "subordinate": N_("with everything below"),
    "node": N_("this place only"),
    "organization": N_("its organisation, without subordinate ones"),
    "region": N_("the whole region"),
}
"""How far a role reaches from the place it is given at."""

ACTIONS = {
    "accounts:signed_in": N_("Signed in"),
    "accounts:sign_in_failed": N_("Failed to sign in"),
    "accounts:sign_in_locked": N_("Tried to sign in while locked"),
    "accounts:secrecy_told": N_("Was told about medical secrecy and went on"),
    "accounts:password_changed": N_("Changed the own password"),
    "accounts:place_chosen": N_("Chose the place of work"),
    "accounts:session_ended": N_("Ended a session"),
    "accounts:create_user": N_("Created a user"),
    "accounts:give_role": N_("Gave a role"),
    "accounts:take_role": N_("Took a role away"),
    "accounts:restore_role": N_("Gave a role back that was just taken away"),
    "accounts:reset_password": N_("Reset a password"),
    "accounts:disable_user": N_("Disabled a user"),
    "accounts:enable_user": N_("Enabled a user"),
    "accounts:service_request": N_("Request of a service account"),
    "accounts:second_factor_added": N_("Added a second factor"),
    "accounts:forget_second_factor": N_("Removed the second factor of another user"),
    "accounts:second_factor_removed": N_("Removed a second factor"),
    "accounts:ban_user": N_("Closed an account for a time"),
    "accounts:lift_ban": N_("Lifted a ban"),
    "accounts:set_hours": N_("Set working hours"),
    "accounts:permit_service": N_("Permitted a service account"),
    "accounts:end_user_session": N_("Ended a session of another user"),
    "accounts:add_network": N_("Added a trusted network"),
    "accounts:remove_network": N_("Removed a trusted network"),
    "accounts:restore_network": N_("Trusted a network again that was just removed"),
    "accounts:create_role": N_("Created a role"),
    "accounts:change_role": N_("Changed a role"),
    "accounts:sign_changes": N_("Signed a change of an account"),
    "accounts:refuse_change": N_("Refused a change of an account"),
    "accounts:remove_role": N_("Removed a role"),
    "accounts:create_group": N_("Created a group"),
    "accounts:change_group": N_("Renamed a group"),
    "accounts:remove_group": N_("Removed a group"),
    "accounts:join_group": N_("Took somebody into a group"),
    "accounts:leave_group": N_("Took somebody out of a group"),
    "accounts:give_group_role": N_("Gave a group a role"),
    "accounts:take_group_role": N_("Took a role from a group"),
    "accounts:restore_member": N_("Took back that somebody was taken out of a group"),
    "accounts:restore_group_role": N_("Gave a group a role back that was just taken"),
    "oidc:authorized": N_("Signed in to the dashboards, Dagster or the viewer of images"),
    "oidc:code_used_twice": N_("A sign-in code of a program was used twice"),
    "command": N_("Command line"),
}
