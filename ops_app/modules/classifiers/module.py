"""Code lists: ICD-10, services, medicines, places, observations."""

from __future__ import annotations

from ops_app.module import Module
from ops_app.modules.classifiers.routes import router

MODULE = Module("classifiers", router=router)
