"""DICOM objects made for tests: a chest image, a stack, a 12-lead ECG."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, generate_uid

from ops_app.modules.patients.models import Patient

DX, CT, CAPTURE = "1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7"
ECG = "1.2.840.10008.5.1.4.1.1.9.1.1"
BEAT = ((0.1, 0.02, 120), (0.18, 0.006, -90), (0.2, 0.008, 1000), (0.22, 0.007, -200), (0.4, 0.05, 250))
"""Of a heart beat: when, how long and how high its waves are."""
LEADS = ("Lead I", "Lead II", "Lead III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


def _object(sop_class: str, modality: str, patient: Patient | None, **more: Any) -> Dataset:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = sop_class
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = generate_uid()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.StudyInstanceUID = more.pop("study_uid", None) or generate_uid()
    made.SeriesInstanceUID = more.pop("series_uid", None) or generate_uid()
    made.Modality = modality
    made.StudyDate, made.StudyTime = "20261120", "101500"
    if patient is not None:
        made.PatientID = patient.iin or ""
        made.PatientName = f"{patient.family_name}^{patient.given_name}"
        made.PatientBirthDate = f"{patient.birth_date:%Y%m%d}"
        made.PatientSex = {"male": "M", "female": "F"}[patient.sex]
    for name, value in more.items():
        setattr(made, name, value)
    return made


def written(made: Dataset) -> bytes:
    """The object as a file."""
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _pixels(made: Dataset, pixels: np.ndarray[Any, Any], photometric: str = "MONOCHROME2") -> Dataset:
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = photometric
    made.Rows, made.Columns = pixels.shape[-2:]
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit = 15
    made.PixelRepresentation = int(pixels.dtype.kind == "i")
    if pixels.ndim == 3:
        made.NumberOfFrames = pixels.shape[0]
    made.PixelData = pixels.tobytes()
    return made


def chest(patient: Patient | None, **more: Any) -> bytes:
    """Two lungs in a chest, PA, with spacing, window and dose."""
    rows, columns = 320, 280
    y, x = np.mgrid[0:rows, 0:columns]
    body = 3000 - 800 * ((x - 140) / 140.0) ** 2
    for center in (85, 195):
        body -= 1500 * ((((x - center) / 42.0) ** 2 + ((y - 150) / 95.0) ** 2) < 1)
    body += 250 * (np.sin(y / 9.0) > 0.7)
    body += 700 * ((((x - 160) / 38.0) ** 2 + ((y - 195) / 50.0) ** 2) < 1)
    known: dict[str, Any] = {
        "BodyPartExamined": "CHEST",
        "ViewPosition": "PA",
        "StudyDescription": "Chest PA",
        "SeriesDescription": "PA",
        "InstanceNumber": 1,
        "PixelSpacing": [1.25, 1.25],
        "WindowCenter": 2000,
        "WindowWidth": 3200,
        "ImageAndFluoroscopyAreaDoseProduct": 1.2,
    }
    made = _object(DX, "DX", patient, **(known | more))
    return written(_pixels(made, np.clip(body, 0, 4095).astype("<u2")))


def slices(patient: Patient, count: int) -> list[bytes]:
    """A stack of CT slices in Hounsfield units with a ball that grows."""
    study, series = generate_uid(), generate_uid()
    made = []
    y, x = np.mgrid[0:128, 0:128]
    for number in range(1, count + 1):
        slice_ = np.where((x - 64) ** 2 + (y - 64) ** 2 < 55**2, 1040, 0)
        slice_ = np.where((x - 80) ** 2 + (y - 50) ** 2 < (3 * number) ** 2, 1100, slice_).astype("<i2")
        each = _object(
            CT,
            "CT",
            patient,
            study_uid=study,
            series_uid=series,
            InstanceNumber=number,
            SeriesDescription="Abdomen 5.0",
            PixelSpacing=[0.5, 0.5],
            RescaleSlope=1,
            RescaleIntercept=-1024,
            WindowCenter=[40, -600],
            WindowWidth=[400, 1500],
        )
        made.append(written(_pixels(each, slice_)))
    return made


def film(patient: Patient, frames: int) -> bytes:
    """A multi-frame object without a scale, MONOCHROME1, signed."""
    pixels = np.stack([np.full((16, 24), number * 10 - 5, "<i2") for number in range(frames)])
    return written(_pixels(_object(CAPTURE, "OT", patient, FrameTime=40), pixels, "MONOCHROME1"))


def coloured(patient: Patient) -> bytes:
    """Red, green and blue stripes."""
    made = _object(CAPTURE, "US", patient, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    made.Rows, made.Columns, made.BitsAllocated, made.BitsStored, made.HighBit = 6, 9, 8, 8, 7
    made.PixelRepresentation = 0
    pixels = np.zeros((6, 9, 3), "u1")
    for stripe in range(3):
        pixels[:, stripe * 3 : stripe * 3 + 3, stripe] = 255
    made.PixelData = pixels.tobytes()
    return written(made)


def undecodable(patient: Patient) -> bytes:
    """An image whose compressed picture is rubbish."""
    made = _object(DX, "DX", patient, StudyDescription="Broken")
    made.file_meta.TransferSyntaxUID = JPEG2000Lossless
    _pixels(made, np.zeros((8, 8), "<u2"))
    made.PixelData = encapsulate([b"this is no code stream!!"])
    made["PixelData"].is_undefined_length = True
    return written(made)


def ecg(patient: Patient, **more: Any) -> bytes:
    """Ten seconds of twelve leads at 500 Hz, 75 beats a minute, in microvolts."""
    made = _object(ECG, "ECG", patient, StudyDescription="ECG 12 leads", **more)
    rate, seconds = 500, 10
    time = np.arange(rate * seconds) / rate % 0.8
    beat = sum(high * np.exp(-(((time - at) / width) ** 2)) for at, width, high in BEAT)
    factors = [0.6, 1.0, 0.4, -0.8, 0.1, 0.7, -0.4, 0.5, 0.8, 1.2, 1.1, 0.9]
    group = Dataset()
    group.WaveformOriginality = "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = 12, rate * seconds
    group.SamplingFrequency = rate
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.ChannelDefinitionSequence = [_channel(name) for name in LEADS]
    values = np.stack([np.round(beat * factor + 10 * math.sin(place)) for place, factor in enumerate(factors)], axis=1)
    group.WaveformData = values.astype("<i2").tobytes()
    made.WaveformSequence = [group]
    return written(made)


def _channel(name: str) -> Dataset:
    channel, source, unit = Dataset(), Dataset(), Dataset()
    source.CodeValue, source.CodingSchemeDesignator, source.CodeMeaning = "5.6.3-9-1", "SCPECG", name
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "uV", "UCUM", "microvolt"
    channel.ChannelSourceSequence, channel.ChannelSensitivityUnitsSequence = [source], [unit]
    channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = 1, 1
    channel.ChannelBaseline, channel.WaveformBitsStored = 0, 16
    return channel
