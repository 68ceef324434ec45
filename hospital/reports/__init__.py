"""The hospital's reports: the same numbers as at the boxes, from the records that it keeps."""
