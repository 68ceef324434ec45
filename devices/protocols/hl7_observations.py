"""Results of an HL7 v2 message: one for each OBX, with status, sample, time and doubts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from devices.protocols import hl7_groups, laboratory_controls, laboratory_places
from devices.protocols.hl7_groups import Group
from devices.protocols.hl7_message import Message, Segment
from devices.protocols.laboratory import Result, Site, Standing
from devices.protocols.laboratory_controls import PERHAPS_NO_PATIENT

SAMPLE_PLACES = ("OBR-3", "OBR-2", "SPM-2", "SAC-3")
TIME_PLACES = ("OBX-14", "OBR-7", "OBR-22")

WORD_TYPES = frozenset({"IS", "ID"})
"""OBX-2 that hold a code of a table: a word, never a number."""

VALUE_TYPES = WORD_TYPES | {"", "NM", "SN", "ST", "TX", "FT", "CE", "CWE", "CNE", "CF"}
"""OBX-2 that may hold a result. Pictures, references, dates and ranges are none."""

_STANDINGS: Mapping[str, Standing] = {
    "": Standing.FINAL,
    "F": Standing.FINAL,
    "U": Standing.FINAL,  # final now, as it was sent before
    "C": Standing.CORRECTED,
    "A": Standing.CORRECTED,
    "R": Standing.DOUBTED,  # entered, not verified
    "B": Standing.DOUBTED,  # appended report
    "W": Standing.DOUBTED,  # an earlier one was posted wrongly, such as for another patient
    "P": Standing.NOT_FINAL,
    "S": Standing.NOT_FINAL,
    "I": Standing.NOT_FINAL,
    "O": Standing.NOT_FINAL,
    "N": Standing.NOT_FINAL,
    "X": Standing.NO_RESULT,
    "D": Standing.WITHDRAWN,
}
"""OBX-11 (HL7 table 0085); one that the table does not know is a doubt."""

_ORDER_STANDINGS: Mapping[str, Standing] = {
    "": Standing.FINAL,
    "F": Standing.FINAL,
    "A": Standing.FINAL,  # other results of the order are not there yet
    "C": Standing.CORRECTED,
}
"""OBR-25 (table 0123), where OBX-11 is empty; every other one is a doubt."""

_CANCELLED = "X"
_NO_PATIENT_ROLES = frozenset("BCEFLOQV")
"""SPM-11 (table 0369): blind, calibrator, electronic control, proficiency of laboratory (F) and of
operator (O), pooled, control and verifying specimens. P is a patient's, R a replicate of one."""

_SEVERAL_PEOPLE = "G"
_MINDRAY_NO_SAMPLES = frozenset("12")
"""MSH-16 as Mindray writes it: 0 a sample's result, 1 calibration, 2 quality control."""

_MINDRAY_CONTROLS = frozenset({"00003", "00004", "00005", "00006"})
_ROLE_COMPONENT = 7


@dataclass(frozen=True, slots=True)
class Observation:
    """One OBX segment with the order, patient and specimen that it belongs to."""

    message: Message
    obx: Segment
    group: Group = Group()

    def of(self, segment: str, number: int) -> str:
        """Return a field of the segment that stands for this observation; empty where none does."""
        found = {self.message.plain(row.of(number)) for row in self._rows(segment)}
        return found.pop() if len(found) == 1 else ""

    @property
    def is_control(self) -> bool:
        """Whether it is of control material, a calibrator or a trial run: nobody's blood."""
        processing = self.of("MSH", 11).split("^")[0].strip().upper()
        order = self.of("OBR", 4)
        source = (self.of("OBR", 15).split("^") + [""] * _ROLE_COMPONENT)[_ROLE_COMPONENT - 1]
        mindray = order.split("^")[0] in _MINDRAY_CONTROLS and "99MRC" in order
        return (
            processing not in ("", "P")
            or self.of("MSH", 16).strip() in _MINDRAY_NO_SAMPLES
            or mindray
            or laboratory_controls.is_control_order(order)
            or laboratory_controls.is_control_material(self.of("OBR", 15))
            or source.strip().upper() in _NO_PATIENT_ROLES
            or self._is_control_specimen
        )

    @property
    def doubts(self) -> tuple[str, ...]:
        """What speaks against a patient's sample and does not prove it."""
        specimens = self.group.specimens
        names = (self.of("PID", 3), self.of("PID", 5))
        doubted = (
            any(self._is_control_role(row) for row in specimens)
            or any(_SEVERAL_PEOPLE in self._roles(row) for row in specimens)
            or any(map(laboratory_controls.is_control_number, names))
        )
        return (PERHAPS_NO_PATIENT,) if doubted else ()

    def result(self, site: Site) -> Result:
        """Return the result that it holds."""
        places = site.sample or SAMPLE_PLACES
        first = laboratory_places.first_component
        sample, sample_place = laboratory_places.sample(self._of_specimen, places, first)
        time, time_place = laboratory_places.time(self.of, site.time or TIME_PLACES)
        repeats = self.message.signs[2]
        value = self.obx.of(5)
        several = repeats.strip() and repeats in value.strip(repeats)
        return Result(
            test=self.of("OBX", 3),
            value=value if several else self.of("OBX", 5),
            unit=self.of("OBX", 6),
            standing=self._standing(),
            time=time,
            flags=self.of("OBX", 8).strip("^ "),
            kind=self.of("OBX", 2).strip().upper(),
            sample=sample,
            found=tuple(filter(None, (sample_place, time_place))),
            doubts=self.doubts,
        )

    def _standing(self) -> Standing:
        status = self.of("OBX", 11).strip().upper()[:1]
        order = self.of("OBR", 25).strip().upper()[:1]
        if order == _CANCELLED and status != "D":
            return Standing.NO_RESULT
        if not status:
            return _ORDER_STANDINGS.get(order, Standing.DOUBTED)
        return _STANDINGS.get(status, Standing.DOUBTED)

    def _rows(self, segment: str) -> tuple[Segment, ...]:
        """Return the segments of a name that this observation belongs to."""
        group = self.group
        if segment == "SPM":
            return group.specimens if group.certain else ()
        own = {
            "OBX": (self.obx,),
            "OBR": (group.order,),
            "PID": (group.patient,),
            "SAC": group.containers,
            "MSH": (self.message.head,),
        }
        alike = tuple(row for row in self.message.segments if row.name == segment)
        return own.get(segment, alike)

    @property
    def _is_control_specimen(self) -> bool:
        """Whether all its specimens are; uncertain ones must be one for each order."""
        specimens = self.group.specimens
        orders = [row for row in self.message.segments if row.name == "OBR"]
        enough = self.group.certain or len(specimens) >= len(orders)
        return bool(specimens) and enough and all(map(self._is_control_role, specimens))

    def _is_control_role(self, specimen: Segment) -> bool:
        kind = self.message.plain(specimen.of(4))
        roles = self._roles(specimen)
        return laboratory_controls.is_control_material(kind) or bool(roles & _NO_PATIENT_ROLES)

    def _roles(self, specimen: Segment) -> set[str]:
        """Return the roles in all repeats of SPM-11."""
        parts = self.message.repeats(specimen.of(11))
        return {part.split("^")[0].strip().upper() for part in parts}

    def _of_specimen(self, segment: str, number: int) -> str:
        """SPM-2 holds pairs of identifiers with subcomponents; the number is the first of them."""
        text = self.of(segment, number)
        subcomponent = self.message.signs[4]
        if not subcomponent.strip():
            return text
        return "^".join(part.split(subcomponent)[0] for part in text.split("^"))


def observations(message: Message) -> Iterator[Observation]:
    """Yield every OBX with the order, patient and specimen that it belongs to."""
    for row, group in hl7_groups.observations(message):
        yield Observation(message, row, group)
