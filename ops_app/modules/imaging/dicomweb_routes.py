"""DICOMweb (PS3.18): QIDO-RS, WADO-RS and STOW-RS under the same rules as the card."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from pydicom.datadict import keyword_for_tag, tag_for_keyword
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from ops_app import audit
from ops_app.actor import Actor
from ops_app.db import Db
from ops_app.errors import BadRequest, NotFound, OpsError
from ops_app.i18n import _
from ops_app.kit import request_context
from ops_app.modules.imaging import filing, pixels
from ops_app.modules.imaging.accepted import NotAcceptable, Wanted, wanted
from ops_app.modules.imaging.access import listed_to, opened
from ops_app.modules.imaging.addresses import address_of, root
from ops_app.modules.imaging.attributes import bulk_of, json_of
from ops_app.modules.imaging.delivery import CannotWrite, can_write, delivered_as, header_of
from ops_app.modules.imaging.elements import EXPLICIT_LITTLE, PIXEL_DATA
from ops_app.modules.imaging.frames_raw import PLAIN, frame_of
from ops_app.modules.imaging.multipart import BadBody, Related, TooLarge, parameters_of, received
from ops_app.modules.imaging.permissions import WebReader, WebWriter
from ops_app.modules.imaging.search import KEYS, BadKey, Found, Level, describe, find
from ops_app.modules.imaging.stow import answer_of
from ops_app.modules.organizations.queries import workplace

JSON, DICOM, OCTETS = "application/dicom+json", "application/dicom", "application/octet-stream"
PICTURES = ("image/jpeg", "image/png")
MOST_ROWS = 1000


class WrongMedia(OpsError):
    """The body is of a type that this address does not take."""

    status = 415


def draw(status: int, message: str, advice: str) -> Response:
    """An error as programs read it; the standard leaves the body open."""
    number = request_context.current().request_id
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse({"status": status, "error": message, "request_id": number}, status, headers=headers)


class WebRoute(APIRoute):
    """A route whose errors no browser page is made of."""

    draw_error = staticmethod(draw)


router = APIRouter(prefix="/dicomweb", tags=["DICOMweb"], route_class=WebRoute)


@router.get("/studies", name="imaging:qido_studies")
def search_studies(request: Request, actor: WebReader, db: Db) -> Response:
    """Search studies."""
    return _searched(request, actor, db, "STUDY", {})


@router.get("/series", name="imaging:qido_series")
def search_series(request: Request, actor: WebReader, db: Db) -> Response:
    """Search series of all studies."""
    return _searched(request, actor, db, "SERIES", {})


@router.get("/instances", name="imaging:qido_instances")
def search_instances(request: Request, actor: WebReader, db: Db) -> Response:
    """Search objects of all studies."""
    return _searched(request, actor, db, "IMAGE", {})


@router.get("/studies/{study}/series", name="imaging:qido_study_series")
def search_series_of(request: Request, actor: WebReader, db: Db, study: str) -> Response:
    """Search series of a study."""
    return _searched(request, actor, db, "SERIES", {"StudyInstanceUID": study})


@router.get("/studies/{study}/instances", name="imaging:qido_study_instances")
def search_instances_of(request: Request, actor: WebReader, db: Db, study: str) -> Response:
    """Search objects of a study."""
    return _searched(request, actor, db, "IMAGE", {"StudyInstanceUID": study})


@router.get("/studies/{study}/series/{series}/instances", name="imaging:qido_series_instances")
def search_instances_of_series(request: Request, actor: WebReader, db: Db, study: str, series: str) -> Response:
    """Search objects of a series."""
    return _searched(request, actor, db, "IMAGE", {"StudyInstanceUID": study, "SeriesInstanceUID": series})


@router.post("/studies", name="imaging:stow")
async def store(request: Request, actor: WebWriter, db: Db) -> Response:
    """Store objects."""
    return await _stored(request, actor, db, None)


@router.post("/studies/{study}", name="imaging:stow_study")
async def store_in_study(request: Request, actor: WebWriter, db: Db, study: str) -> Response:
    """Store objects of one study."""
    return await _stored(request, actor, db, study)


@router.get("/studies/{study}", name="imaging:wado_study")
def study_objects(request: Request, actor: WebReader, db: Db, study: str) -> Response:
    """Every object of a study."""
    return _objects(request, opened(db, actor, "IMAGE", study))


@router.get("/studies/{study}/metadata", name="imaging:wado_study_metadata")
def study_metadata(request: Request, actor: WebReader, db: Db, study: str) -> Response:
    """Attributes of every object of a study."""
    return _metadata(request, opened(db, actor, "IMAGE", study))


@router.get("/studies/{study}/series/{series}", name="imaging:wado_series")
def series_objects(request: Request, actor: WebReader, db: Db, study: str, series: str) -> Response:
    """Every object of a series."""
    return _objects(request, opened(db, actor, "IMAGE", study, series))


@router.get("/studies/{study}/series/{series}/metadata", name="imaging:wado_series_metadata")
def series_metadata(request: Request, actor: WebReader, db: Db, study: str, series: str) -> Response:
    """Attributes of every object of a series."""
    return _metadata(request, opened(db, actor, "IMAGE", study, series))


INSTANCE = "/studies/{study}/series/{series}/instances/{sop}"


@router.get(INSTANCE, name="imaging:wado_instance")
def one_object(request: Request, actor: WebReader, db: Db, study: str, series: str, sop: str) -> Response:
    """One object."""
    return _objects(request, opened(db, actor, "IMAGE", study, series, sop))


@router.get(f"{INSTANCE}/metadata", name="imaging:wado_instance_metadata")
def one_metadata(request: Request, actor: WebReader, db: Db, study: str, series: str, sop: str) -> Response:
    """Attributes of one object."""
    return _metadata(request, opened(db, actor, "IMAGE", study, series, sop))


@router.get(f"{INSTANCE}/rendered", name="imaging:wado_rendered")
def one_rendered(request: Request, actor: WebReader, db: Db, study: str, series: str, sop: str) -> Response:
    """The first frame as a picture."""
    return _rendered(request, opened(db, actor, "IMAGE", study, series, sop)[0], 1)


@router.get(f"{INSTANCE}/frames/{{listed}}", name="imaging:wado_frames")
def frames(request: Request, actor: WebReader, db: Db, study: str, series: str, sop: str, listed: str) -> Response:
    """Frames by number, for viewers that draw themselves."""
    found = opened(db, actor, "IMAGE", study, series, sop)[0]
    numbers = listed.split(",")
    if not all(number.isdigit() and len(number) < 9 for number in numbers):
        raise BadRequest(_("Frames are numbers with commas between"))
    return _frames(request, found, [int(number) for number in numbers])


@router.get(f"{INSTANCE}/bulkdata/{{place:path}}", name="imaging:wado_bulk")
def bulk_data(request: Request, actor: WebReader, db: Db, study: str, series: str, sop: str, place: str) -> Response:
    """The value of one attribute, where the metadata name its address."""
    found = opened(db, actor, "IMAGE", study, series, sop)[0]
    instance = found.instance
    assert instance is not None
    if place == f"{PIXEL_DATA:08X}" and instance.frames and instance.transfer_syntax_uid not in PLAIN:
        return _frames(request, found, list(range(1, instance.frames + 1)))
    value = bulk_of(filing.full_path(instance.path), place)
    if value is None:
        raise NotFound(_("There is no such attribute"))
    return _bytes(request, *value)


@router.get(f"{INSTANCE}/frames/{{number}}/rendered", name="imaging:wado_frame_rendered")
def frame_rendered(
    request: Request, actor: WebReader, db: Db, study: str, series: str, sop: str, number: int
) -> Response:
    """One frame as a picture, with a window and a size when asked: ``?window=40,400,linear&viewport=512,512``."""
    return _rendered(request, opened(db, actor, "IMAGE", study, series, sop)[0], number)


def _searched(request: Request, actor: Actor, db: Db, level: Level, keys: dict[str, str]) -> Response:
    _accepts(request, JSON, "application/json")
    limit = offset = 0
    for name, value in request.query_params.multi_items():
        if name in ("limit", "offset"):
            if not value.isdigit() or len(value) > 9:
                raise BadRequest(_("“%(name)s” has to be a number", name=name))
            limit, offset = (int(value), offset) if name == "limit" else (limit, int(value))
        elif name not in ("includefield", "fuzzymatching", "accept"):
            keyword = _keyword(name)
            if "\0" in value:
                raise BadRequest(_("“%(value)s” is no value to search by", value=value.replace("\0", "\\0")))
            if keyword not in KEYS:
                raise BadRequest(_("One cannot search by “%(name)s”", name=name))
            keys.setdefault(keyword, value)
    visible = listed_to(db, actor)
    try:
        rows = find(
            db,
            level,
            keys,
            where=[visible] if visible is not None else [],
            limit=min(limit or MOST_ROWS, MOST_ROWS),
            offset=offset,
        )
    except BadKey as error:
        raise BadRequest(_("“%(value)s” is no value to search by", value=str(error))) from error
    people = {row.patient.id for row in rows if row.patient is not None}
    audit.read_many(db, actor, sorted(people), rule="search")
    if not rows:
        return Response(status_code=204)
    answers = []
    for row in rows:
        made = describe(row, level).to_json_dict()
        made["00081190"] = {"vr": "UR", "Value": [address_of(request, row)]}
        answers.append(made)
    return Response(json.dumps(answers, ensure_ascii=False), media_type=JSON)


def _keyword(name: str) -> str:
    if len(name) == 8:
        try:
            return keyword_for_tag(int(name, 16))
        except ValueError:
            pass
    return name if tag_for_keyword(name) is not None else ""


def _accepts(request: Request, *offered: str) -> list[Wanted]:
    asked = wanted(request)
    if not any(each.allows(one) for each in asked for one in offered):
        raise NotAcceptable(_("This address answers as %(types)s", types=", ".join(dict.fromkeys(offered))))
    return asked


def _objects(request: Request, rows: Sequence[Found]) -> Response:
    asked = [each for each in _accepts(request, DICOM) if each.allows(DICOM)]
    named = {each.transfer_syntax for each in asked}
    anything = bool(named & {None, "*"})
    syntaxes = [None if anything else _syntax_of(row, named) for row in rows]
    if len(rows) == 1 and not asked[0].in_parts:
        return Response(_object(rows[0], syntaxes[0])[1], media_type=DICOM)
    related = Related(DICOM)
    parts = (_object(row, syntax) for row, syntax in zip(rows, syntaxes, strict=True))
    return StreamingResponse(related.body(parts), media_type=related.content_type)


def _syntax_of(row: Found, named: set[str | None]) -> str | None:
    """The syntax to write an object in, None for the one it is stored in; refused when none of those named will do."""
    assert row.instance is not None
    stored = row.instance.transfer_syntax_uid
    if stored in named:
        return None
    if EXPLICIT_LITTLE in named and can_write(stored):
        return EXPLICIT_LITTLE
    raise NotAcceptable(_("This address answers as %(types)s", types=f"{DICOM}; transfer-syntax={stored}"))


def _object(row: Found, syntax: str | None) -> tuple[str, bytes]:
    assert row.instance is not None
    try:
        content = delivered_as(row, syntax)
    except CannotWrite as error:
        raise NotAcceptable(
            _("This object cannot be shown as a picture here: %(reason)s", reason=str(error)[:200])
        ) from error
    return f"{DICOM}; transfer-syntax={syntax or row.instance.transfer_syntax_uid}", content


def _frames(request: Request, found: Found, numbers: list[int]) -> Response:
    instance = found.instance
    assert instance is not None
    asked = wanted(request)
    path, syntax = filing.full_path(instance.path), instance.transfer_syntax_uid
    plainly = any(each.allows(OCTETS) for each in asked)
    any_syntax = any(each.transfer_syntax == "*" for each in asked)
    as_stored = any_syntax or not plainly or any(each.allows("image/jpeg") for each in asked)
    try:
        parts = [frame_of(path, number, instance.frames, syntax, as_stored) for number in numbers]
        if not any_syntax and not any(each.allows(_kind(parts[0])) for each in asked) and plainly:
            parts = [frame_of(path, number, instance.frames, syntax, False) for number in numbers]
    except pixels.CannotShow as error:
        raise _unshowable(error, numbers, instance.frames) from error
    kind = _kind(parts[0])
    if not any_syntax and not any(each.allows(kind) for each in asked):
        raise NotAcceptable(_("This address answers as %(types)s", types=kind))
    if len(parts) == 1 and not any(each.in_parts for each in asked):
        return Response(parts[0][1], media_type=parts[0][0])
    related = Related(kind)
    return StreamingResponse(related.body(parts), media_type=related.content_type)


def _kind(part: tuple[str, bytes]) -> str:
    return part[0].partition(";")[0]


def _bytes(request: Request, content: bytes, media_type: str) -> Response:
    asked = _accepts(request, OCTETS, media_type)
    if not any(each.in_parts for each in asked):
        named = next(one for each in asked for one in (media_type, OCTETS) if each.allows(one))
        return Response(content, media_type=named)
    related = Related(OCTETS)
    return StreamingResponse(related.body([(OCTETS, content)]), media_type=related.content_type)


def _metadata(request: Request, rows: Sequence[Found]) -> Response:
    _accepts(request, JSON, "application/json")

    def body() -> Iterator[str]:
        for number, row in enumerate(rows):
            address = address_of(request, row)
            dataset = json_of(header_of(row), address)
            if row.instance is not None and row.instance.frames:
                dataset[f"{PIXEL_DATA:08X}"] = {"vr": "OW", "BulkDataURI": f"{address}/bulkdata/{PIXEL_DATA:08X}"}
            yield ("[" if number == 0 else ",") + json.dumps(dataset, ensure_ascii=False)
        yield "]"

    return StreamingResponse(body(), media_type=JSON)


def _rendered(request: Request, found: Found, number: int) -> Response:
    asked = _accepts(request, *PICTURES)
    media_type = next(one for each in asked for one in PICTURES if each.allows(one))
    window = _numbers(request, "window", 2)
    viewport = _numbers(request, "viewport", 2)
    instance = found.instance
    assert instance is not None
    try:
        content = pixels.rendered(
            filing.full_path(instance.path),
            number,
            window[0] if window else None,
            window[1] if window else None,
            (int(viewport[0]), int(viewport[1])) if viewport else None,
            media_type,
        )
    except pixels.CannotShow as error:
        raise _unshowable(error, [number], instance.frames) from error
    return Response(content, media_type=media_type, headers={"Cache-Control": "private, max-age=3600"})


def _unshowable(error: Exception, numbers: list[int], frames: int) -> OpsError:
    if frames and any(not 1 <= number <= frames for number in numbers):
        return BadRequest(_("The object has %(count)s frames", count=frames))
    return NotAcceptable(_("This object cannot be shown as a picture here: %(reason)s", reason=str(error)[:200]))


def _numbers(request: Request, name: str, count: int) -> list[float] | None:
    written = request.query_params.get(name)
    if written is None:
        return None
    try:
        found = [float(each) for each in written.split(",")[:count]]
    except ValueError:
        found = []
    if len(found) != count or not all(abs(each) <= 1e7 for each in found) or (name == "viewport" and min(found) < 1):
        raise BadRequest(_("“%(name)s” has to be %(count)s numbers with commas between", name=name, count=count))
    return found


async def _stored(request: Request, actor: Actor, db: Db, study: str | None) -> Response:
    media_type, parameters = parameters_of(request.headers.get("content-type", ""))
    if media_type != "multipart/related" or parameters.get("type", DICOM).lower() != DICOM:
        raise WrongMedia(_("Send multipart/related with parts of the type application/dicom"))
    boundary = parameters.get("boundary", "")
    folder = filing.incoming_folder(filing.images_folder())
    try:
        paths = await received(request.stream(), boundary, folder)
    except TooLarge as error:
        raise BadRequest(_("A part of the body is too large")) from error
    except BadBody as error:
        raise BadRequest(_("The body does not have the parts that its header promises")) from error
    try:
        place = await run_in_threadpool(workplace, db, actor)
        organization_id = place.organization.id if place is not None else None
        base = f"{root(request)}/studies"
        status, body = await run_in_threadpool(answer_of, db, actor, paths, study, organization_id, base)
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
    return Response(json.dumps(body), status, media_type=JSON)
