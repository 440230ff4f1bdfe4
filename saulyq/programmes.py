"""The nightly run over the programmes, committed batch by batch."""

from ops_app.modules.episodes import plan_refresh
from saulyq.accounts import app_session
from saulyq.settings import Settings


def refresh(current: Settings) -> tuple[int, int]:
    """How many people were looked at and how many steps were written."""
    people = steps = 0
    with app_session(current) as session:
        for outcome in plan_refresh.refresh_changed(session):
            session.commit()
            people, steps = people + outcome.people, steps + outcome.steps
    return people, steps
