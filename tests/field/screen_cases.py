"""Field cases about the screens: scanning, measuring, lists, forms that are left."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl

from archives import open_at
from eventually import eventually
from kiosk_desk import Desk, cuff, measured
from playwright.sync_api import Page, expect
from wedge import LAYOUTS, Scanner

from edge.model.clock import Clock
from edge.model.entry import EntryKind, Lane
from edge.model.reading import Code, Kind, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history
from edge.settings.box_settings import Settings
from edge.staff import drafts, pins, staff
from edge.store import journal, outbox
from edge.store.store import Store
from edge.visits import visits
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import apply
from hospital.views import chart
from kiosk_ui.context import COOKIE
from sync.keys.keys import BoxKeys


def a_part_of_a_scan_is_no_card(page: Page, store: Store, clock: Clock) -> None:
    """FL01: a scanner that stutters, and a page that was not ready, never name another person."""
    now = clock.now()
    whole = PatientForm("Amina Bibi", sex="female", birth="1990", card="13901042")
    tail = PatientForm("Imran Khan", sex="male", birth="1950", card="1042")
    register.register(store, now, whole, None)
    register.register(store, now, tail, None)
    asked, again = page.locator(".owner"), page.get_by_text("Scan it again")
    for place in range(1, 8):
        page.goto("/measure")
        Scanner(page).scan("13901042", pauses={place: 70})
        expect(asked).to_contain_text("Female")
        page.goto("/measure")
        scanner = Scanner(page)
        scanner.scan("13901042", pauses={place: 1500})
        expect(again).to_be_visible()
        expect(page.locator("#card")).to_have_value("")
        scanner.rest(3000)
        scanner.scan("13901042")
        expect(asked).to_contain_text("Female")
    page.goto("/measure")
    page.locator("#card").focus()
    scanner = Scanner(page)
    scanner.scan("99", end="")
    scanner.rest(2000)
    scanner.scan("1042")
    expect(again).to_be_visible()
    page.goto("/measure")
    scanner = Scanner(page)
    scanner.clock_s = page.evaluate("(performance.timeOrigin + READY_AT) / 1000")
    scanner.scan("1042")  # its first half went to the page before
    expect(again).to_be_visible()
    page.goto("/status")
    scanner = Scanner(page)
    scanner.scan("1390", end="")
    page.goto("/measure")
    rest = Scanner(page)
    rest.clock_s = scanner.clock_s + 0.5
    rest.scan("1042")  # its first half went to another page, which waited for none
    expect(again).to_be_visible()
    assert visits.current(store, clock.now()) is None


def a_scan_of_other_keys_is_read_or_explained(
    staff_page: Page, desk: Desk, store: Store, clock: Clock
) -> None:
    """FL11: the scanner's keys are read, not what this machine's alphabet makes of them."""
    form = PatientForm("Amina Bibi", sex="female", birth="1990", card="HP-104279")
    register.register(store, clock.now(), form, None)
    for layout in LAYOUTS:
        staff_page.goto("/measure")
        Scanner(staff_page, layout).scan("HP-104279")
        expect(staff_page.locator(".owner")).to_contain_text("Female")
        staff_page.goto("/patients")
        staff_page.locator("#q").focus()
        Scanner(staff_page, layout).scan("HP-104279")
        expect(staff_page.locator(".hit")).to_contain_text("Amina Bibi")
        staff_page.goto("/patients/new")
        staff_page.locator("#card").focus()
        Scanner(staff_page, layout).scan("KX-2077")
        expect(staff_page.locator("#card")).to_have_value(re.compile("^KX-2077$", re.IGNORECASE))
        Scanner(staff_page, layout).scan("KX-2077")  # onto what stands there: nobody's number
        expect(staff_page.locator("#card-scan")).to_contain_text("Scan it again")
        expect(staff_page.locator("#card")).to_have_value("")
    for garbled in ("&à'é", "اب-چد۱", "hp--1", "-_-", "A" * 41):
        answer = desk.post("/measure", card=garbled)
        assert answer.status_code == 422, garbled
        assert "types in another alphabet" in answer.text
        kept = desk.post("/patients/new", name="Zubaida", card=garbled, new="yes")
        assert kept.status_code == 422, garbled
    assert "types in another alphabet" in desk.post("/patients/new", name="Z", card="&à'é").text
    assert "types in another alphabet" in desk.get("/patients/found", q="&à'é")
    assert register.count(store) == 1


def a_full_tray_does_not_blind_who_measures_alone(desk: Desk, store: Store, clock: Clock) -> None:
    """FL03: 150 values wait in the tray; the next one is shown to the person who measures."""
    for number in range(150):
        measured(
            store, clock, Kind.GLUCOSE, Value(Code.GLUCOSE_MG_DL, Decimal(90 + number), "mg/dL")
        )
    desk.post("/measure", without="yes")
    step = desk.client.get("/measure/blood-pressure").headers["Location"]
    cuff(store, clock, "205", "118")
    shown = desk.client.get(step.replace("?", "/live?")).text
    assert "205/118" in shown
    assert "health worker" in shown
    assert "done-mark" in desk.get("/measure/choose")
    pages = [desk.get("/tray", page=str(number)) for number in (1, 2, 3, 4)]
    assert [page.count("tray-row") for page in pages] == [50, 50, 50, 1]
    assert "205/118" in pages[0]
    assert "151" in pages[0]
    assert "/tray?page=2" in pages[0]
    assert "/tray?page=4" not in pages[3]


def a_dangerous_value_stays_in_sight(desk: Desk, store: Store, clock: Clock) -> None:
    """FL04: 205 readings of oxygen hide neither a pressure of 225/112 nor a weight."""
    imran = register.register(store, clock.now(), PatientForm("Imran", birth="1960"), None)
    visit = desk.post(f"/patients/{imran.id}/visit").headers["Location"]
    desk.post(f"{visit}/typed", kind="weight", v0="66")
    cuff(store, clock, "225", "112")
    for number in range(205):
        measured(store, clock, Kind.OXIMETRY, Value(Code.SPO2, Decimal(95 + number % 4), "%"))
    shown = desk.get(f"{visit}/live")
    places = [shown.index(text) for text in (">225/112<", ">66<", ">98<")]
    assert places[0] < places[1]
    assert shown.index("reading urgent") == shown.index('class="reading ') + len('class="')
    assert "193" in shown  # so many readings of oxygen stand in the history only
    assert f"/patients/{imran.id}/history" in shown
    first = desk.get(f"/patients/{imran.id}/history")
    assert "225/112" in first
    assert all(code in first for code in (Code.WEIGHT, Code.SPO2, Code.SYSTOLIC))
    assert ">66<" in desk.get(f"/patients/{imran.id}/history", vital=Code.WEIGHT)
    parts = [
        desk.get(f"/patients/{imran.id}/history", vital=Code.SPO2, page=str(number))
        for number in (1, 2, 3, 4)
    ]
    assert [part.count("<tr><td>") for part in parts] == [60, 60, 60, 25]
    assert "205" in parts[0]


def what_stands_in_a_box_is_recorded_by_finish(
    staff_page: Page, desk: Desk, store: Store, clock: Clock
) -> None:
    """FD01: typed, not recorded, Finish at once: sooner than the page keeps it by itself."""
    amina = register.register(store, clock.now(), PatientForm("Amina Bibi", birth="1990"), None)
    visit = desk.post(f"/patients/{amina.id}/visit").headers["Location"]
    staff_page.goto(visit)
    staff_page.locator(".tile[data-row=weight]").click()
    staff_page.get_by_label("Weight", exact=True).press_sequentially("64,5")
    staff_page.get_by_role("button", name="Finish").click()
    expect(staff_page.get_by_role("status")).to_contain_text("64.5 kg")
    assert [str(r.values[0].value) for r in history.of_patient(store, amina.id)] == ["64.5"]
    assert visits.current(store, clock.now()) is None
    staff_page.wait_for_load_state("networkidle")
    assert "Typed and not recorded" not in desk.get("/patients")
    visit = desk.post(f"/patients/{amina.id}/visit").headers["Location"]
    staff_page.goto(visit)
    staff_page.locator(".tile[data-row=temperature]").click()
    staff_page.get_by_label("Temperature", exact=True).press_sequentially("398")
    staff_page.get_by_role("button", name="Finish").click()
    expect(staff_page.locator(".unrecorded")).to_contain_text("must be from")
    box = staff_page.get_by_label("Temperature", exact=True)
    expect(box).to_have_value("398")
    box.fill("38.4")
    staff_page.get_by_role("button", name="Record and finish").click()
    expect(staff_page.get_by_role("status")).to_contain_text("38.4")
    assert len(history.of_patient(store, amina.id)) == 2


def what_is_typed_survives_every_door(
    staff_page: Page, desk: Desk, store: Store, clock: Clock
) -> None:
    """FD02: back, home, language, another page, a reload: the text is there again."""
    amina = register.register(store, clock.now(), PatientForm("Amina Bibi", birth="1990"), None)
    visit = desk.post(f"/patients/{amina.id}/visit").headers["Location"]

    def kept(path: str, text: str) -> bool:
        """Whether the box has the text."""
        [author] = staff.members(store)
        found = drafts.of_person(store, clock.now(), author.id)
        return any(draft.path == path and text in draft.fields.values() for draft in found)

    forms = {visit: "Weight", "/patients/new": "Name", f"/patients/{amina.id}/correct": "Village",
        f"/patients/{amina.id}/summary": "Another allergy"}  # fmt: skip
    doors: tuple[Callable[[Page], object], ...] = (
        lambda page: page.get_by_role("link", name="Patients").click(),
        lambda page: page.goto("/language"),
        lambda page: page.reload(),
        lambda page: page.goto("/status"),
        lambda page: page.goto("/"),
    )
    for path, label in forms.items():
        for place, door in enumerate(doors):
            staff_page.goto(path)
            if path == visit and place < 2:  # later the boxes are open: something stands in one
                staff_page.get_by_role("button", name="Type", exact=True).click()
            staff_page.get_by_label(label, exact=True).fill(f"6{place}")
            door(staff_page)
            if path == visit and place == 0:  # who taps elsewhere has left the box: it is kept
                eventually(partial(history.of_patient, store, amina.id))
                continue
            eventually(partial(kept, path, f"6{place}"))
            staff_page.goto(path)
            expect(staff_page.get_by_label(label, exact=True)).to_have_value(f"6{place}")


def a_whole_visit_goes_to_the_right_person(desk: Desk, store: Store, clock: Clock) -> None:
    """FL25: six values on the wrong person go together, at once or a day later, and back."""
    now = clock.now()
    amina = register.register(store, now, PatientForm("Amina Bibi", birth="1960"), None)
    zubaida = register.register(store, now, PatientForm("Zubaida Bibi", birth="1961"), None)
    visit = desk.post(f"/patients/{amina.id}/visit").headers["Location"]
    typed = {"temperature": "36.8", "weight": "66", "height": "171", "heart-rate": "72",
        "respiratory-rate": "16"}  # fmt: skip
    for kind, text in typed.items():
        desk.post(f"{visit}/typed", kind=kind, v0=text)
    cuff(store, clock, "230", "112")
    desk.post(f"{visit}/draft", **{"glucose.v0": "7.1"})
    path = f"{visit}/readings-of/{amina.id}/move"
    desk.post(f"/dangers/{amina.id}/end", ending="treated")
    assert path in desk.get(visit)
    [hit] = re.findall(r'action="([^"]+/move/[^"]+)"', desk.get(f"{path}/found", q="zubaida"))
    asked = desk.post(hit)
    assert all(text in asked.text for text in ("Amina Bibi", "Zubaida Bibi", "230/112", "36.8"))
    assert len(history.of_patient(store, amina.id)) == 6
    sure = re.search(r'name="sure" value="([^"]+)"', asked.text)
    assert sure is not None
    opened = desk.post(hit, sure=sure[1]).headers["Location"]
    assert history.of_patient(store, amina.id) == []
    assert len(history.of_patient(store, zubaida.id)) == 6
    assert "230/112" in desk.get(f"{opened}/live")
    assert "reading urgent" in desk.get(f"{opened}/live")
    assert "230/112" in desk.get(opened)  # the danger stops until somebody says what was done
    desk.post(f"/dangers/{zubaida.id}/end", ending="treated")
    assert 'value="7.1"' in desk.get(opened)
    current = visits.current(store, clock.now())
    assert current is not None
    assert current.patient_id == zubaida.id
    visits.close_visit(store, clock.now(), why="idle")
    first = history.of_patient(store, zubaida.id)[0].entry
    back = f"{opened}/readings-of/{zubaida.id}/move"
    assert back in desk.get(f"/readings/{first}/retract")
    sure = re.search(r'name="sure" value="([^"]+)"', desk.post(f"{back}/{amina.id}").text)
    assert sure is not None
    answer = desk.post(f"{back}/{amina.id}", sure=sure[1])
    assert answer.headers["Location"] == f"/patients/{amina.id}/visits"
    assert len(history.of_patient(store, amina.id)) == 6
    claims = [e for _, e in journal.since(store, 0, 500) if e.kind == EntryKind.CLAIM]
    assert [claim.body["patient"] for claim in claims] == [
        *(6 * [None, zubaida.id]),
        *(6 * [None, amina.id]),
    ]


def twelve_people_share_a_telephone(desk: Desk, store: Store, clock: Clock) -> None:
    """FD03: a family of twelve on one telephone; the list says that there are more."""
    for number in range(12):
        form = PatientForm(f"Person {number:02d}", birth=f"{1950 + number}", phone="0301-5550142")
        register.register(store, clock.now(), form, None)
    shown = desk.get("/patients/found", q="0301-5550142")
    assert shown.count('class="hit"') == register.SHOWN
    assert "More people fit" in shown
    more = re.search(r'hx-get="([^"]+)"', shown)
    assert more is not None
    path, _, query = html.unescape(more[1]).partition("?")
    every = desk.get(path, **dict(parse_qsl(query)))
    assert every.count('class="hit"') == 12
    assert "More people fit" not in every


def an_impossible_number_stays_in_its_box(desk: Desk, store: Store, clock: Clock) -> None:
    """FL42 and FL44: empty, crossed, of another unit: refused or asked about, never filed."""
    amina = register.register(store, clock.now(), PatientForm("Amina Bibi", birth="1960"), None)
    visit = desk.post(f"/patients/{amina.id}/visit").headers["Location"]
    refused: list[dict[str, str]] = [
        {"kind": "temperature", "v0": ""},
        {"kind": "temperature", "v0": "null"},
        {"kind": "temperature", "v0": "98.6"},
        {"kind": "blood-pressure", "v0": "80", "v1": "120"},
        {"kind": "blood-pressure", "v0": "120", "v1": ""},
        {"kind": "oximetry", "v0": "140"},
        {"kind": "glucose", "v0": "110", "unit": "mmol/L"},
        {"kind": "glucose", "v0": "18", "unit": "mmol/L"},  # unusual: asked about
    ]
    for form in refused:
        answer = desk.post(f"{visit}/typed", **form)
        assert f'value="{form["v0"]}"' in answer.text, form
        assert 'class="problem"' in answer.text, form
        assert "HX-Trigger" not in answer.headers, form
    assert history.of_patient(store, amina.id) == []


def typed_text_is_back_for_its_author_only(
    desk: Desk, store: Store, clock: Clock, settings: Settings
) -> None:
    """FL45: the session ends, the form is sent too late; its author finds it, nobody else."""
    with store.transaction():
        store.execute("UPDATE session SET seen_t_ms = seen_t_ms - ?", (staff.IDLE_S * 2000,))
    late = desk.post("/patients/new", name="Zubaida Khatoon", village="Chak 14")
    assert late.headers["Location"].startswith("/sign-in")
    assert register.count(store) == 0
    [author] = staff.members(store)
    pepper = pins.load_pepper(settings.keys)
    bilal = staff.add(store, clock.now(), "Bilal Shah", "worker", "482915", pepper)
    for person, finds in ((bilal, False), (author, True)):
        begun = staff.start_session(store, clock.now(), person.id)
        desk.client.set_cookie(COOKIE, begun.token)
        assert ('value="Zubaida Khatoon"' in desk.get("/patients/new")) is finds


def only_what_a_receipt_covers_is_called_confirmed(desk: Desk, store: Store, clock: Clock) -> None:
    """FL47: seven records are not answered for: each screen says so, until they are."""
    for number in range(9):
        register.register(store, clock.now(), PatientForm(f"Person {number}"), None)
    state = outbox.state(store, Lane.CLINICAL)
    outbox.mark_custody(store, Lane.CLINICAL, state.last - 7, state.last - 7, clock.now())
    outbox.set_link(store, "up", clock.now())
    for path in ("/strip", "/status"):
        shown = re.sub(r"<[^>]+>", "", desk.get(path))
        assert re.search(rf"\b{state.last - 7}\b.*\b{state.last}\b", shown), path
        assert re.search(r"\b7\b", shown), path
    outbox.mark_custody(store, Lane.CLINICAL, state.last, state.last, clock.now())
    assert re.search(rf"\b[Aa]ll {state.last}\b", re.sub(r"<[^>]+>", "", desk.get("/strip")))


def a_value_taken_back_is_taken_back_at_the_desk(
    desk: Desk, store: Store, clock: Clock, tmp_path: Path
) -> None:
    """FL52: struck at the kiosk, its alert and its line on the chart say so."""
    amina = register.register(store, clock.now(), PatientForm("Amina Bibi", birth="1960"), None)
    visit = desk.post(f"/patients/{amina.id}/visit").headers["Location"]
    asked = desk.post(f"{visit}/typed", kind="oximetry", v0="80")
    sure = re.search(r'name="sure" value="([^"]+)"', asked.text)
    assert sure is not None
    desk.post(f"{visit}/typed", kind="oximetry", v0="80", sure=sure[1])
    [reading] = history.of_patient(store, amina.id)
    desk.post(f"/readings/{reading.entry}/retract", why="typed-wrongly")
    archive = open_at(str(tmp_path / "archive.db"))
    box = Box("box-test", "Chak 12", BoxKeys.generate().public, "0a", clock.now().wall_ms)
    with archive.transaction():
        boxes.enter(archive, box)
        for lane, word in ((Lane.CLINICAL, "c"), (Lane.ALERT, "a")):
            held = [record.record for record in outbox.records(store, lane, 1, 100)]
            apply.keep(archive, box, (1, word, 1), held, clock.now().wall_ms)
    alerts = chart.alerts(archive)
    assert alerts
    assert all(alert.taken_back for alert in alerts)
    [charted] = chart.of_patient(archive, amina.id)
    assert charted.discarded
    archive.close()


def the_person_and_the_danger_stay_in_view(
    staff_page: Page, desk: Desk, store: Store, clock: Clock
) -> None:
    """FD04: on a telephone, the last box is typed into after twenty readings came."""
    form = PatientForm("Amina Bibi", sex="female", birth="1960", card="HP-1042")
    amina = register.register(store, clock.now(), form, None)
    visit = desk.post(f"/patients/{amina.id}/visit").headers["Location"]
    cuff(store, clock, "231", "125")
    for number in range(20):
        measured(store, clock, Kind.OXIMETRY, Value(Code.SPO2, Decimal(96 + number % 3), "%"))
    staff_page.set_viewport_size({"width": 390, "height": 844})
    staff_page.goto(visit)
    expect(staff_page.locator(".stop-value")).to_contain_text("231/125")
    expect(staff_page.locator(".stop-value")).to_be_in_viewport()
    staff_page.get_by_role("button", name="Treated here").click()
    expect(staff_page.locator(".tile.wide.danger")).to_contain_text("231/125")
    staff_page.locator(".tile[data-row=glucose]").click()
    staff_page.locator("#t-glucose input[name=v0]").press_sequentially("6.1")
    for text in ("Amina Bibi", "Female", "HP-1042", "years"):
        expect(staff_page.locator(".patient-line").get_by_text(text)).to_be_in_viewport(ratio=1)
    expect(staff_page.get_by_role("button", name="Finish")).to_be_in_viewport()


def stock_is_kept_and_low_items_are_said(desk: Desk) -> None:
    """FL37: strips and medicines are received, used and counted; what is low stands first."""
    desk.post("/stock/glucose-strip", what="received", number="100", expiry="03/2099")
    desk.post("/stock/glucose-strip", what="used", number="60")
    page = desk.get("/stock")
    assert "40</bdi> strips" in page
    assert "Low" in page
    assert desk.get("/clinic").count('href="/stock"') == 1


CASES: dict[str, Callable[..., None]] = {
    "FL37": stock_is_kept_and_low_items_are_said,
    "FL01": a_part_of_a_scan_is_no_card,
    "FL03": a_full_tray_does_not_blind_who_measures_alone,
    "FL04": a_dangerous_value_stays_in_sight,
    "FL25": a_whole_visit_goes_to_the_right_person,
    "FL42": an_impossible_number_stays_in_its_box,
    "FL44": an_impossible_number_stays_in_its_box,
    "FL45": typed_text_is_back_for_its_author_only,
    "FL47": only_what_a_receipt_covers_is_called_confirmed,
    "FL52": a_value_taken_back_is_taken_back_at_the_desk,
    "FD04": the_person_and_the_danger_stay_in_view,
    "FD03": twelve_people_share_a_telephone,
    "FD01": what_stands_in_a_box_is_recorded_by_finish,
    "FD02": what_is_typed_survives_every_door,
    "FL11": a_scan_of_other_keys_is_read_or_explained,
}
"""The function of each row of `workflow.jsonl`; its parameters are fixtures."""
