"""The Bluetooth models of the catalogue, one row each, and how a device is recognised among them.

What stands in the quirks is what owners of these devices published; a row whose grounds are
"assumed" goes by the profile and by what its sisters do. The last rows are the profiles
themselves: any device that follows one is understood without a row of its own. What is on the air
decides (service data, company, services), a name only between the rows of one service.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from devices.model import Broadcast, GlucoseRange, History, Model, Quirks
from edge.model.reading import Kind, Repeats

BLE_REPEATS: dict[History, Repeats] = {
    "none": Repeats.HELD,
    "sent": Repeats.HELD,
    "latest": Repeats.HELD,
    "records": Repeats.NUMBERED,
}
"""How a device of each kind of memory repeats itself. Even one without a memory (a scale that
broadcasts) may show its last value again when it wakes."""

_BATTERY = "2A19"
_PRESSURE = ("2A35", "2A36", "2B34", _BATTERY)
_GLUCOSE = ("2A18", "2A34", "2A52", _BATTERY)

_AND = Quirks(pairs="first", history="sent", hangs_up="seconds", grounds="reported")
"""The A&D line: pair in pairing mode; awake for seconds after a measurement."""

_OMRON = Quirks(
    pairs="first", clock_off_s=600, history="latest", hangs_up="seconds", grounds="reported"
)
"""Current Time is refused or harmful when it is nearly right; the memory needs Omron's own way."""

_OMRON_OWN = "FE4A"
"""Some Omron cuffs advertise only the service of their own memory, though they have 1810 too."""

_BEURER_SCALE = Quirks(
    pairs="at-once", history="sent", hangs_up="idle", consent=True, grounds="reported"
)
"""Keeps its data until somebody gives a user's code and sets the clock."""

_METER = Quirks(pairs="at-once", history="records", hangs_up="idle", grounds="reported")
_METER_WITH_NUMBER = Quirks(
    pairs="at-once", passkey=True, history="records", hangs_up="idle", grounds="reported"
)
_CONTOUR_READS = GlucoseRange(Decimal(20), Decimal(600), "Contour Next user guide")
_ACCU_CHEK_READS = GlucoseRange(
    Decimal(10), Decimal(600), "Accu-Chek manuals; the lowest of the line, a Guide Me has 20"
)
_STRAP = Quirks(hangs_up="never")
_BROADCAST = Quirks(hangs_up="never", grounds="reported")
_NONIN_SERVICE = "46A970E0-0D5F-11E2-8B5E-0002A5D5C51B"
_NONIN_OXIMETRY = "0AAD7EA0-0D60-11E2-8E3C-0002A5D5C51B"
"""Of firmware without the Pulse Oximeter service."""

_HUAMI = 0x0157
"""Anhui Huami, who makes Xiaomi's scales."""


def _cuff(
    name: str,
    maker: str,
    prefixes: tuple[str, ...],
    quirks: Quirks,
    clock: bool,
    services: tuple[str, ...] = ("1810",),
) -> Model:
    return Model(
        name=name,
        manufacturer=maker,
        title="Blood-pressure cuff",
        kinds=(Kind.BLOOD_PRESSURE,),
        link="ble",
        characteristics=_PRESSURE,
        services=services,
        name_prefixes=prefixes,
        numbers=(name,),
        clock="2A2B" if clock else None,
        quirks=quirks,
    )


def _scale(name: str, maker: str, prefixes: tuple[str, ...]) -> Model:
    return Model(
        name=name,
        manufacturer=maker,
        title="Body composition scale",
        kinds=(Kind.BODY_COMPOSITION, Kind.WEIGHT),
        link="ble",
        characteristics=("2A9C", "2A9D", _BATTERY),
        services=("181B", "181D"),
        name_prefixes=prefixes,
        numbers=(name,),
        clock="2A2B",
        quirks=_BEURER_SCALE,
    )


def _meter(
    name: str, maker: str, prefixes: tuple[str, ...], quirks: Quirks, reads: GlucoseRange
) -> Model:
    return Model(
        name=name,
        manufacturer=maker,
        title="Blood glucose meter",
        kinds=(Kind.GLUCOSE,),
        link="ble",
        characteristics=_GLUCOSE,
        services=("1808",),
        name_prefixes=prefixes,
        numbers=(name,),
        clock="2A2B",
        quirks=quirks,
        glucose_range=reads,
    )


def _strap(name: str, maker: str, prefixes: tuple[str, ...]) -> Model:
    return Model(
        name=name,
        manufacturer=maker,
        title="Heart-rate strap",
        kinds=(Kind.HEART_RATE,),
        link="ble",
        characteristics=("2A37", _BATTERY),
        services=("180D",),
        name_prefixes=prefixes,
        numbers=(name,),
        quirks=_STRAP,
    )


def _mi_scale(name: str, size: int, service: str, prefix: str) -> Model:
    return Model(
        name=name,
        manufacturer="Xiaomi",
        title="Weight scale",
        kinds=(Kind.WEIGHT,),
        link="ble",
        characteristics=(f"mi_{service}",),
        services=(service,),
        name_prefixes=(prefix,),
        quirks=_BROADCAST,
        broadcast=Broadcast(size, _HUAMI),
    )


def _profile(
    name: str, kinds: tuple[Kind, ...], service: str, carried: tuple[str, ...], quirks: Quirks
) -> Model:
    return Model(
        name=name,
        manufacturer="Generic",
        title="Any device of the profile",
        kinds=kinds,
        link="ble",
        characteristics=(*carried, _BATTERY),
        services=(service,),
        clock="2A2B",
        quirks=quirks,
    )


BLE_MODELS: tuple[Model, ...] = (
    Model(
        name="UA-651BLE",
        manufacturer="A&D",
        title="Blood-pressure cuff",
        kinds=(Kind.BLOOD_PRESSURE,),
        link="ble",
        characteristics=_PRESSURE,
        services=("1810",),
        name_prefixes=("A&D_UA-651BLE", "UA-651BLE"),
        numbers=("UA-651BLE",),
        clock="2A08",
        quirks=_AND,
    ),
    Model(
        name="UB-1100BLE",
        manufacturer="A&D",
        title="Blood-pressure cuff, wrist",
        kinds=(Kind.BLOOD_PRESSURE,),
        link="ble",
        characteristics=_PRESSURE,
        services=("1810",),
        name_prefixes=("A&D_UB-1100BLE", "UB-1100BLE"),
        numbers=("UB-1100BLE",),
        clock="2A08",
        quirks=_AND,
    ),
    Model(
        name="3230",
        manufacturer="Nonin",
        title="Finger oximeter, spot check",
        kinds=(Kind.OXIMETRY,),
        link="ble",
        characteristics=("2A5E", _NONIN_OXIMETRY, _BATTERY),
        services=("1822", _NONIN_SERVICE),
        name_prefixes=("Nonin3230",),
        numbers=("3230",),
        clock="2A2B",
        quirks=Quirks(pairs="first", history="sent", hangs_up="seconds"),
    ),
    Model(
        name="PLX-C",
        manufacturer="Generic",
        title="Finger oximeter, continuous",
        kinds=(Kind.OXIMETRY,),
        link="ble",
        characteristics=("2A5F", _BATTERY),
        services=("1822",),
        name_prefixes=("PLX-C",),
    ),
    Model(
        name="MightySat",
        manufacturer="Masimo",
        title="Finger oximeter, spot check",
        kinds=(Kind.OXIMETRY,),
        link="ble",
        characteristics=("2A5E", _BATTERY),
        services=("1822",),
        name_prefixes=("MightySat",),
        numbers=("MightySat",),
        quirks=Quirks(history="latest", hangs_up="idle", grounds="reported"),
    ),
    Model(
        name="UT-201BLE",
        manufacturer="A&D",
        title="Thermometer",
        kinds=(Kind.TEMPERATURE,),
        link="ble",
        characteristics=("2A1C", _BATTERY),
        services=("1809",),
        name_prefixes=("A&D_UT201BLE", "A&D_UT-201BLE", "UT-201BLE"),
        numbers=("UT-201BLE", "UT201BLE"),
        clock="2A08",
        quirks=_AND,
    ),
    Model(
        name="UC-352BLE",
        manufacturer="A&D",
        title="Weight scale",
        kinds=(Kind.WEIGHT,),
        link="ble",
        characteristics=("2A9D", _BATTERY),
        services=("181D",),
        name_prefixes=("A&D_UC-352BLE", "UC-352BLE"),
        numbers=("UC-352BLE",),
        clock="2A08",
        quirks=_AND,
    ),
    _cuff(
        "BLEsmart", "Omron", ("BLEsmart_", "BLESmart_"), _OMRON, True, services=("1810", _OMRON_OWN)
    ),
    _cuff(
        "SBM69",
        "Silvercrest",
        ("SBM69",),
        Quirks(pairs="at-once", passkey=True, history="sent", grounds="reported"),
        clock=False,
    ),
    *(
        _scale(name, maker, prefixes)
        for name, maker, prefixes in (
            ("BF720", "Beurer", ("BF720", "Beurer BF720")),
            ("BF105", "Beurer", ("BF105", "Beurer BF105")),
            ("BF500", "Beurer", ("BF500", "Beurer BF500")),
            ("BF600", "Beurer", ("BF600", "BF-600", "Beurer BF600")),
            ("BF850", "Beurer", ("BF850", "BF-850", "Beurer BF850")),
            ("BF950", "Beurer", ("BF950", "Beurer BF950")),
            ("SBF7x", "Sanitas", ("SBF7", "SANITAS SBF7")),
        )
    ),
    _meter("Contour", "Ascensia", ("Contour",), _METER, _CONTOUR_READS),
    _meter("Accu-Chek", "Roche", ("meter+", "Accu-Chek"), _METER_WITH_NUMBER, _ACCU_CHEK_READS),
    *(
        _strap(name, maker, prefixes)
        for name, maker, prefixes in (
            ("H9", "Polar", ("Polar H9",)),
            ("H10", "Polar", ("Polar H10",)),
            ("HRM", "Garmin", ("HRM-Dual", "HRM-Pro")),
            ("TICKR", "Wahoo", ("TICKR",)),
        )
    ),
    _mi_scale("Mi Smart Scale", 10, "181D", "MI_SCALE"),
    _mi_scale("Mi Smart Scale 2", 10, "181D", "MI SCALE2"),
    _mi_scale("Mi Body Composition Scale", 13, "181B", "MIBCS"),
    _mi_scale("Mi Body Composition Scale 2", 13, "181B", "MIBFS"),
    _profile(
        "Blood Pressure profile",
        (Kind.BLOOD_PRESSURE,),
        "1810",
        ("2A35", "2A36", "2B34"),
        Quirks(history="sent"),
    ),
    _profile(
        "Pulse Oximeter profile", (Kind.OXIMETRY,), "1822", ("2A5E", "2A5F"), Quirks(history="sent")
    ),
    _profile(
        "Health Thermometer profile",
        (Kind.TEMPERATURE,),
        "1809",
        ("2A1C",),
        Quirks(history="sent"),
    ),
    _profile(
        "Body Composition profile",
        (Kind.BODY_COMPOSITION, Kind.WEIGHT),
        "181B",
        ("2A9C", "2A9D"),
        Quirks(history="sent"),
    ),
    _profile("Weight Scale profile", (Kind.WEIGHT,), "181D", ("2A9D",), Quirks(history="sent")),
    _profile(
        "Glucose profile",
        (Kind.GLUCOSE,),
        "1808",
        ("2A18", "2A34", "2A52"),
        Quirks(history="records"),
    ),
    _profile(
        "Heart Rate profile",
        (Kind.HEART_RATE,),
        "180D",
        ("2A37",),
        Quirks(hangs_up="never"),
    ),
)


def recognised(
    name: str,
    services: Iterable[str],
    service_data: Iterable[tuple[str, bytes]] = (),
    companies: Iterable[int] = (),
) -> Model | None:
    """Recognise an advertisement: what it broadcasts, else what it offers; the name refines both.

    `services` are UUIDs in upper-case hexadecimal (four digits of the SIG's), `service_data` the
    bytes by them, `companies` the makers' numbers in the manufacturer data.
    """
    offered, known = set(services), set(companies)
    sizes = {(uuid, len(raw)) for uuid, raw in service_data}
    broadcasting = [row for row in BLE_MODELS if _broadcasts(row, offered, sizes, known)]
    if broadcasting:
        return _named(broadcasting, name) or broadcasting[0]
    serving = [row for row in BLE_MODELS if offered.intersection(row.services)]
    profiles = (row for row in serving if not row.name_prefixes)
    return _named(serving, name) or next(profiles, None)


def _named(rows: Iterable[Model], name: str) -> Model | None:
    return next((row for row in rows if name.startswith(row.name_prefixes or ("\0",))), None)


def _broadcasts(
    row: Model, offered: set[str], sizes: set[tuple[str, int]], companies: set[int]
) -> bool:
    if row.broadcast is None:
        return False
    if any((uuid, row.broadcast.size) in sizes for uuid in row.services):
        return True
    return row.broadcast.company in companies and bool(offered.intersection(row.services))


def identified(model: Model, manufacturer: str, number: str) -> Model:
    """Return the row of what a connected device says it is (2A29, 2A24), else the same row."""
    if any(number.startswith(own) for own in model.numbers):
        return model
    claimed = manufacturer.casefold()
    for row in BLE_MODELS:
        made = row.manufacturer.casefold() in claimed
        if made and any(number.startswith(own) for own in row.numbers):
            return row
    return model
