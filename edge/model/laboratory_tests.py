"""What common laboratory tests are called, by LOINC code: one row a test.

A code that is not here is shown as it is. The names are short ones for a screen, not LOINC's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LABORATORY_TESTS: Final[Mapping[str, str]] = {
    "6690-2": "White blood cells",
    "789-8": "Red blood cells",
    "4544-3": "Haematocrit",
    "787-2": "Red cell volume (MCV)",
    "785-6": "Haemoglobin in a red cell (MCH)",
    "786-4": "Haemoglobin of red cells (MCHC)",
    "777-3": "Platelets",
    "4548-4": "Glycated haemoglobin",
    "59261-8": "Glycated haemoglobin",
    "14682-9": "Creatinine",
    "2160-0": "Creatinine",
    "22664-7": "Urea",
    "3094-0": "Urea nitrogen",
    "1742-6": "ALT (liver)",
    "1920-8": "AST (liver)",
    "1975-2": "Bilirubin",
    "14631-6": "Bilirubin",
    "2951-2": "Sodium",
    "2823-3": "Potassium",
    "2075-0": "Chloride",
    "1988-5": "C-reactive protein",
    "75622-1": "HIV test",
    "70569-9": "Malaria test",
    "2106-3": "Pregnancy test",
    "24110-9": "Syphilis test",
    "38379-4": "Tuberculosis bacteria",
    "5196-1": "Hepatitis B antigen",
    "13955-0": "Hepatitis C antibodies",
    "20454-5": "Protein in urine",
    "25428-4": "Sugar in urine",
    "2514-8": "Ketones in urine",
    "5802-4": "Nitrite in urine",
    "5799-2": "White cells in urine",
    "5794-3": "Blood in urine",
}
