"""What can go wrong with the link, and which simulated world makes it go wrong.

The table of `docs/simulator.md` is made from here; a test checks that every misfortune of the
worlds is named and that nothing is named that does not happen.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault: what happens, in which world by which misfortunes, and what must hold.

    `by` are names of misfortunes; "always" means that the seed's weather or temper does it.
    """

    name: str
    happens: str
    world: str
    by: tuple[str, ...]
    holds: str


ALWAYS = "always"

FAULTS = (
    Fault("crash", "power fails between two effects", "link", ("power_cut", ALWAYS), "I1 I12"),
    Fault("torn writes", "power fails inside a transaction", "link", (ALWAYS,), "I1"),
    Fault("crash at the hospital", "before or after its commit", "link", (ALWAYS,), "I1 I3"),
    Fault("loss, doubling, reordering", "as the seed's weather is", "link", (ALWAYS,), "I1 I3 I11"),
    Fault("link comes and goes", "", "link", ("toggle_link",), "I12"),
    Fault("stale frames", "any frame of the past comes again", "link", ("replay",), "I9 I11"),
    Fault(
        "hospital restored", "to any backup", "link", ("back_up", "restore"), "I1 I2, epochs agree"
    ),
    Fault(
        "card rolled back",
        "while off, or under a running courier",
        "link",
        ("image", "roll_back", "restore_under"),
        "I1 I3 I4, a new epoch",
    ),
    Fault(
        "live clones",
        "two machines with one identity; one is let in again under new keys",
        "link",
        ("clone", "decide"),
        "I18; each record is at the hospital or on the machine put away",
    ),
    Fault("one machine taken for two", "late HELLOs, many restarts", "link", (ALWAYS,), "I17"),
    Fault(
        "poison",
        "rows too large, not to be encoded, not to be read, frames spoiled",
        "link",
        ("measure", ALWAYS),
        "I1: a tombstone or the sealed bytes stand for it; I12",
    ),
    Fault(
        "disk full",
        "the box refuses records and owes custody; the hospital keeps and answers nothing",
        "link",
        ("fill_box", "fill_hospital"),
        "I1 I12",
    ),
    Fault(
        "damaged records", "a row on the card changes by itself", "link", ("rot",), "I2 I3 I17 I23"
    ),
    Fault(
        "clock jumps", "days and years, at either end", "link", ("jump", "jump_hospital"), "I12 I17"
    ),
    Fault("daily budget", "bulk stops until the next day", "link", (ALWAYS,), "I6 I12"),
    Fault(
        "version skew",
        "a box packs as the hospital cannot read, or speaks no protocol of it",
        "link",
        ("upgrade", "outgrow"),
        "I1 I12",
    ),
    Fault(
        "keys change",
        "another sealing key while frames are under way; a box is revoked",
        "link",
        ("new_key", "revoke"),
        "I1 I9",
    ),
    Fault(
        "feed",
        "lost asks, pushes, snapshots broken off, removals, compaction",
        "feed",
        ("edit", "deliver", "news", "withdraw", "compact", "toggle_link", "power_cut"),
        "I7",
    ),
    Fault(
        "damaged replica",
        "rows lost, a restore that nobody told of",
        "feed",
        ("rot", "restore_untold"),
        "I7, repaired by bucket",
    ),
    Fault(
        "restores under the feed",
        "either end",
        "feed",
        ("back_up", "restore", "image", "roll_back"),
        "I7 I13 I14",
    ),
    Fault("disk full under the feed", "", "feed", ("fill_box",), "I7"),
    Fault("conflicts", "two people edit one patient", "feed", ("edit_at_desk",), "I14 I15 I16 I19"),
    Fault(
        "files",
        "chunks lost, doubled, misplaced, spoiled, in any order, over restarts",
        "files",
        ("photo", "photo_with_preview", "toggle_link", "power_cut", "replay", "misplace"),
        "I1 I20 I21 I22",
    ),
    Fault(
        "restores and damage under files",
        "either end's disk full or unreadable, chunks that rot",
        "files",
        ("back_up", "restore", "rot", "fill_box", "fill_hospital", "lose_disk"),
        "I1 I20",
    ),
    Fault(
        "by hand",
        "sticks late, twice, damaged, of another epoch, beside a live line",
        "real parts",
        (),
        "`tests/hospital/test_carry_by_hand.py`: I1 I11",
    ),
    Fault(
        "newer kinds of records, unknown fields",
        "kept unread",
        "real parts",
        (),
        "`tests/hospital/test_catch_hand_mutants.py`: I1",
    ),
)


INVARIANTS = {
    "I1": "every accepted record reaches the hospital once, or what lawfully stands for it",
    "I2": "a box lets go only of what the hospital's backup covers",
    "I3": "the hospital's stream has no gap, and its chain is the box's",
    "I4": "no two records under one (box, epoch, lane, sequence)",
    "I6": "an alert goes before bulk and never waits while its window has room",
    "I7": "a replica is the hospital's view at its version",
    "I9": "a frame of a past session or epoch, or of a box shut out, changes nothing",
    "I11": "a replayed frame changes nothing",
    "I12": "after any fault both ends go on by themselves",
    "I13": "an edit is pending until the hospital has it",
    "I14": "no value that reached the hospital vanishes from the history",
    "I15": "no identity changes behind anybody's back",
    "I16": "no allergy or condition goes and no dose changes without a clinician",
    "I17": "a machine that is alone is never shut out as one of two",
    "I18": "two machines of one identity do not go on unnoticed",
    "I19": "the order in which edits arrive changes nothing",
    "I20": "no damaged file counts as whole",
    "I21": "no chunk is kept that is not the one that was sent",
    "I22": "a preview goes before anything larger",
    "I23": "what was changed on a box's disk never passes for genuine",
}


def faults() -> str:
    """Return the table of faults."""
    rows = ["| fault | what happens | world | must hold |", "|---|---|---|---|"]
    for fault in FAULTS:
        rows.append(f"| {fault.name} | {fault.happens or '–'} | {fault.world} | {fault.holds} |")
    return "\n".join(rows)


def invariants() -> str:
    """Return the list of invariants."""
    return "\n".join(f"- **{name}** {text}." for name, text in INVARIANTS.items())
