"""DICOM objects that devices would send, made here."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, FileMetaDataset
from pydicom.dataset import FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT = "1.2.840.10008.5.1.4.1.1.2"
CR = "1.2.840.10008.5.1.4.1.1.1"
MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.7.2"
ECG = "1.2.840.10008.5.1.4.1.1.9.1.1"
TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"

_number = itertools.count(1)


def _base(sop_class: str, modality: str, person: Any | None, **values: Any) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID = sop_class
    made.SOPInstanceUID = generate_uid()
    made.StudyInstanceUID = generate_uid()
    made.SeriesInstanceUID = generate_uid()
    made.Modality = modality
    made.StudyDate, made.StudyTime = "20261120", "101500"
    made.StudyDescription = "Кеуде қуысы"
    made.SeriesNumber = 1
    made.InstanceNumber = next(_number)
    made.PatientName = ""
    made.PatientID = ""
    made.PatientBirthDate = ""
    made.PatientSex = ""
    made.AccessionNumber = ""
    if person is not None:
        name_person(made, person)
    for keyword, value in values.items():
        setattr(made, keyword, value)
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made


def name_person(dataset: Dataset, person: Any) -> None:
    """Name a registered person as a modality does that read the work list."""
    dataset.PatientName = f"{person.family_name}^{person.given_name}"
    dataset.PatientID = person.iin
    dataset.PatientBirthDate = f"{person.birth_date:%Y%m%d}"
    dataset.PatientSex = {"male": "M", "female": "F"}[person.sex]


def ct_slice(person: Any | None = None, *, size: int = 64, **values: Any) -> FileDataset:
    """A slice whose grey values rise from left to right, from -1000 to 1000."""
    made = _base(CT, "CT", person, **values)
    made.RescaleIntercept, made.RescaleSlope = -1024, 1
    made.KVP, made.Exposure = "120", "85"
    made.BodyPartExamined = "CHEST"
    _pixels(made, np.tile(np.linspace(24, 2024, size, dtype=np.uint16), (size, 1)))
    return made


def radiograph(person: Any | None = None, **values: Any) -> FileDataset:
    """A chest image with its projection and dose."""
    made = _base(CR, "CR", person, **values)
    made.ViewPosition = "PA"
    made.ImageAndFluoroscopyAreaDoseProduct = "1.5"
    made.WindowCenter, made.WindowWidth = "128", "256"
    _pixels(made, np.arange(64, dtype=np.uint16).repeat(64).reshape(64, 64) * 4)
    return made


def multi_frame(person: Any | None = None, frames: int = 3, **values: Any) -> FileDataset:
    """Frames that are darker and brighter."""
    made = _base(MULTI_FRAME, "US", person, **values)
    _pixels(made, np.stack([np.full((32, 32), number * 60, dtype=np.uint8) for number in range(frames)]))
    made.NumberOfFrames = frames
    return made


def ecg(person: Any | None = None, **values: Any) -> FileDataset:
    """Two leads, half a second at 500 Hz."""
    made = _base(ECG, "ECG", person, **values)
    group = Dataset()
    group.MultiplexGroupLabel = "RHYTHM"
    group.WaveformOriginality = "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = 2, 250
    group.SamplingFrequency = "500"
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.ChannelDefinitionSequence = Sequence([_lead("I"), _lead("II")])
    values_of_leads = np.stack([np.arange(250), -np.arange(250)], axis=1).astype("<i2")
    group.WaveformData = values_of_leads.tobytes()
    made.WaveformSequence = Sequence([group])
    made.AcquisitionDateTime = "20261120101500"
    return made


def _lead(name: str) -> Dataset:
    lead, source, unit = Dataset(), Dataset(), Dataset()
    source.CodeValue, source.CodingSchemeDesignator, source.CodeMeaning = "2:1", "MDC", f"Lead {name}"
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "uV", "UCUM", "microvolt"
    lead.ChannelSourceSequence = Sequence([source])
    lead.ChannelSensitivity, lead.ChannelSensitivityCorrectionFactor, lead.ChannelBaseline = "2", "1", "0"
    lead.ChannelSensitivityUnitsSequence = Sequence([unit])
    lead.WaveformBitsStored = 16
    return lead


def report(person: Any | None = None, **values: Any) -> FileDataset:
    """A structured report of one sentence."""
    made = _base(TEXT_SR, "SR", person, **values)
    made.CompletionFlag, made.VerificationFlag = "COMPLETE", "UNVERIFIED"
    made.ValueType = "CONTAINER"
    made.ContinuityOfContent = "SEPARATE"
    title, sentence = Dataset(), Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = "18748-4", "LN", "Diagnostic imaging report"
    made.ConceptNameCodeSequence = Sequence([title])
    sentence.RelationshipType, sentence.ValueType, sentence.TextValue = "CONTAINS", "TEXT", "Өзгеріс жоқ"
    made.ContentSequence = Sequence([sentence])
    return made


def _pixels(made: Dataset, values: np.ndarray) -> None:
    made.Rows, made.Columns = values.shape[-2:]
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = values.dtype.itemsize * 8
    made.HighBit, made.PixelRepresentation = made.BitsStored - 1, 0
    made.PixelData = values.tobytes()


def saved(folder: Path, *objects: FileDataset) -> list[Path]:
    """The objects as files."""
    paths = []
    for each in objects:
        path = folder / f"{each.SOPInstanceUID}.dcm"
        each.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths
