"""Reads the first sheet of a workbook the fast way that openpyxl offers: read-only, values only."""

import json
import sys
import time

import openpyxl

begin = time.process_time()
book = openpyxl.load_workbook(sys.argv[1], read_only=True, data_only=True)
rows = 0
filled = 0
for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True)):
    if number == 0:
        continue
    rows += 1
    filled += sum(cell is not None for cell in cells)
print(json.dumps({"rows": rows, "cells": filled, "cpu_seconds": time.process_time() - begin}))
