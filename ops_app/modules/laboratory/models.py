"""Tables of schema ``laboratory``; nothing of them passes the gate, confirmed results leave as observations."""

from __future__ import annotations

from ops_app.modules.laboratory.blood_models import BloodGroup, Transfusion, TransfusionReaction
from ops_app.modules.laboratory.catalogue_models import (
    NumberScheme,
    Parameter,
    RangeApproval,
    ReferenceRange,
    ReflexRule,
    Service,
    ServiceParameter,
    Workplace,
    WorkplaceService,
)
from ops_app.modules.laboratory.order_models import DeliverySheet, LabOrder, OrderChange, OrderService, Specimen
from ops_app.modules.laboratory.result_models import CriticalCall, FollowUp, Report, Result, ResultFile

__all__ = [
    "BloodGroup",
    "CriticalCall",
    "DeliverySheet",
    "FollowUp",
    "LabOrder",
    "NumberScheme",
    "OrderChange",
    "OrderService",
    "Parameter",
    "RangeApproval",
    "ReferenceRange",
    "ReflexRule",
    "Report",
    "Result",
    "ResultFile",
    "Service",
    "ServiceParameter",
    "Specimen",
    "Transfusion",
    "TransfusionReaction",
    "Workplace",
    "WorkplaceService",
]
