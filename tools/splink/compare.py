#!/usr/bin/env python3
"""Finds whose some thousand dirty rows are among a synthetic register, with Splink on DuckDB and with our candidates.

Both arms read the same two files, register.csv and rows.csv, in turns; both are judged by the truth in rows.csv. Every
person is invented. What is compared: for each row the one person that stands first alone (ours: `foremost`; Splink's: the
highest match weight, no tie, above a threshold), and whether the true person is among the first five. Splink's threshold
is swept, so that recall is compared at equal precision. Processor seconds are user and system, all threads.

Exit code 1: recall below Splink's at equal precision, or less than the stated ratio of processor time.
"""

import argparse
import collections
import csv
import json
import logging
import os
import resource
import statistics
import subprocess
import sys
import warnings
from pathlib import Path

import duckdb
import splink
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

LIST = 5
WEIGHTS = "7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2".split()


def cpu(who=resource.RUSAGE_SELF):
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


# --- Splink ------------------------------------------------------------------------------------------------------------

# Old numbers of 15 digits are completed first, as whoever prepares the data would: century and check character.
_SUM = " + ".join(f"substr(body, {at}, 1)::INT * {weight}" for at, weight in enumerate(WEIGHTS, 1))
COMPLETED = f"""
    SELECT unique_id, name, former,
           CASE WHEN length(number) = 15
                THEN body || substr('10X98765432', ({_SUM}) % 11 + 1, 1) ELSE number END AS number
    FROM (SELECT *, CASE WHEN length(number) = 15
                         THEN substr(number, 1, 6) || '19' || substr(number, 7) ELSE '00000000000000000' END AS body
          FROM given)
"""
# The parts of the number in columns of their own, and the name in one script, as our arm has them.
PREPARED = f"""
    SELECT unique_id, number, former, translate(name, '測試', '测试') AS name,
           substr(number, 1, 6) AS area, substr(number, 7, 4) AS year, substr(number, 11, 4) AS month_day,
           substr(number, 7, 8) AS birth, substr(number, 15, 4) AS tail
    FROM ({COMPLETED})
"""


def distance(column, most, label=None):
    sql = f'damerau_levenshtein("{column}_l", "{column}_r") <= {most}'
    return {"sql_condition": sql, "label_for_charts": label or f"at most {most}"}


def comparison(column, *levels, tf=False):
    null = {"sql_condition": f'"{column}_l" IS NULL OR "{column}_r" IS NULL', "label_for_charts": "null", "is_null_level": True}
    exact = {"sql_condition": f'"{column}_l" = "{column}_r"', "label_for_charts": "exact"}
    if tf:
        exact |= {"tf_adjustment_column": column, "tf_adjustment_weight": 1.0}
    other = {"sql_condition": "ELSE", "label_for_charts": "else"}
    return {"output_column_name": column, "comparison_levels": [null, exact, *levels, other]}


FORMER = {"sql_condition": '"former_l" = "name_r" OR "name_l" = "former_r"', "label_for_charts": "former name"}

# Any one slip leaves two of year, month and day, and tail whole; two slips leave one of them, and the name.
BLOCKING = [
    block_on("number"),
    block_on("birth"),
    block_on("year", "tail"),
    block_on("month_day", "tail"),
    block_on("name", "year"),
    block_on("name", "month_day"),
    block_on("name", "tail"),
]

SETTINGS = SettingsCreator(
    link_type="link_only",
    comparisons=[
        comparison("name", FORMER, distance("name", 1), tf=True),
        comparison("birth", distance("birth", 1), distance("birth", 2)),
        comparison("tail", distance("tail", 1), distance("tail", 2)),
        comparison("area", distance("area", 1)),
    ],
    blocking_rules_to_generate_predictions=BLOCKING,
    additional_columns_to_retain=["number"],
    retain_matching_columns=False,
)


def splink_arm(folder, seed):
    """Answers {row: [(weight, number), …] best first} and processor seconds by phase."""
    spent, begun = {}, cpu()
    connection = duckdb.connect()
    for table, query in {
        "persons": f"""SELECT row_number() OVER () AS unique_id, 证件号码 AS number, 姓名 AS name, 曾用名 AS former
                       FROM read_csv('{folder}/register.csv', all_varchar = true) WHERE 证件类型 = '01'""",
        "doubtful": f"""SELECT row::BIGINT AS unique_id, number, name, NULL::VARCHAR AS former
                        FROM read_csv('{folder}/rows.csv', all_varchar = true)""",
    }.items():
        connection.execute(f"CREATE TABLE {table} AS WITH given AS ({query}) {PREPARED}")
    api = DuckDBAPI(connection=connection)
    tables = [
        api.register(connection.table("doubtful"), dataset_display_name="a_rows"),
        api.register(connection.table("persons"), dataset_display_name="b_persons"),
    ]
    linker = Linker(tables, SETTINGS, log_level=logging.ERROR)
    spent["load"] = cpu() - begun

    begun = cpu()
    train = linker.training
    train.estimate_probability_two_random_records_match([block_on("number"), block_on("name", "birth")], recall=0.7)
    train.estimate_u_using_random_sampling(max_pairs=2e6, seed=seed)
    for rule in (block_on("birth"), block_on("year", "tail"), block_on("name", "month_day")):
        train.estimate_parameters_using_expectation_maximisation(rule)
    spent["train"] = cpu() - begun

    begun = cpu()
    pairs = linker.inference.predict(threshold_match_weight=-10)
    best = connection.execute(
        f"""SELECT unique_id_l, match_weight, number_r FROM {pairs.physical_name}
            QUALIFY row_number() OVER (PARTITION BY unique_id_l ORDER BY match_weight DESC, number_r) <= {LIST + 1}
            ORDER BY unique_id_l, match_weight DESC, number_r"""
    ).fetchall()
    spent["predict"] = cpu() - begun
    answers = collections.defaultdict(list)
    for row, weight, number in best:
        answers[str(row)].append((weight, number))
    return answers, spent


# --- ours --------------------------------------------------------------------------------------------------------------


def our_arm(binary, folder, turns=1):
    begun = cpu(resource.RUSAGE_CHILDREN)
    out = subprocess.run([binary, "answer", folder, str(turns)], capture_output=True, check=True, text=True).stdout
    figures = json.loads(out)
    figures["whole_cpu_s"] = cpu(resource.RUSAGE_CHILDREN) - begun
    answers = collections.defaultdict(list)
    with open(Path(folder) / "answers.csv", newline="") as file:
        for answer in csv.DictReader(file):
            answers[answer["row"]].append((answer["is_foremost"] == "1", answer["number"]))
    return answers, figures


# --- judgement ---------------------------------------------------------------------------------------------------------


def of_list(rows, answers):
    meant = [row for row in rows if row["true_number"]]
    found = sum(row["true_number"] in [number for _, number in answers[row["row"]][:LIST]] for row in meant)
    return found / len(meant)


def ours_judged(rows, answers):
    right = wrong = 0
    for row in rows:
        for is_foremost, number in answers[row["row"]]:
            if is_foremost:
                right += number == row["true_number"]
                wrong += number != row["true_number"]
    return right / max(1, right + wrong), right / sum(bool(row["true_number"]) for row in rows)


def splinks_judged(rows, answers):
    """Precision and recall at every threshold; a tie at the top is no answer."""
    firsts = []
    for row in rows:
        found = answers[row["row"]]
        if found and (len(found) == 1 or found[0][0] > found[1][0]):
            firsts.append((found[0][0], found[0][1] == row["true_number"]))
    firsts.sort(reverse=True)
    meant = sum(bool(row["true_number"]) for row in rows)
    right, points = 0, []
    for count, (weight, is_right) in enumerate(firsts, 1):
        right += is_right
        points.append((right / count, right / meant, weight))
    return points


def tell_rows(spent):
    print(
        f"a row of ours among {spent['persons']:,} persons, wall: p50 {spent['row_p50_us']:.0f} µs, p99 {spent['row_p99_us']:.0f} µs "
        f"({spent['quickest_p99_us']:.0f} µs over the quickest of {spent['turns']} turns of each row); "
        f"{spent['answer_cpu_s'] / spent['rows'] * 1e6:.0f} CPU-µs on average; register {spent['register_mib']} MiB"
    )


def by_slip(rows, ours, theirs):
    """Recall of the list, by slip of the number."""
    lines = collections.defaultdict(lambda: [0, 0, 0])
    for row in rows:
        if row["true_number"]:
            line = lines[row["number_slip"]]
            line[0] += 1
            for at, answers in ((1, ours), (2, theirs)):
                line[at] += row["true_number"] in [number for _, number in answers[row["row"]][:LIST]]
    return sorted(lines.items(), key=lambda line: -line[1][0])


def write(options, residents):
    """The two files that both arms read."""
    words = (options.folder, residents, options.rows, options.seed)
    subprocess.run([options.binary, "write", *map(str, words)], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, help="the example `candidates` of the crate synth")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--residents", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--large", type=int, default=10_000_000, help="persons of the last part, ours alone; 0 = leave it out")
    parser.add_argument("--ratio", type=float, default=8.0, help="processor time of Splink by ours, at least")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.getLogger("splink").setLevel(logging.ERROR)

    folder = options.folder
    write(options, options.residents)
    with open(Path(folder) / "rows.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{len(rows)} rows in doubt, {options.residents} persons; Splink {splink.__version__}, DuckDB {duckdb.__version__}; load {load}")
    ours, theirs, ours_spent, theirs_spent = None, None, [], []
    for _ in range(options.turns):
        theirs, spent = splink_arm(folder, options.seed)
        theirs_spent.append(spent)
        ours, spent = our_arm(options.binary, folder)
        ours_spent.append(spent)

    precision, recall = ours_judged(rows, ours)
    points = splinks_judged(rows, theirs)
    equal = max((point for point in points if point[0] >= precision), key=lambda point: point[1], default=(0, 0, 0))
    at_recall = max((point for point in points if point[1] >= recall), key=lambda point: point[0], default=(0, 0, 0))
    print(f"ours:   first alone: precision {precision:.4f}, recall {recall:.4f}; among the first {LIST}: {of_list(rows, ours):.4f}")
    print(
        f"Splink: at that precision: recall {equal[1]:.4f} (match weight {equal[2]:.1f} and up); among the first {LIST}: {of_list(rows, theirs):.4f}"
    )
    for least in (0.95, 0.98, 0.99):
        of = max((point for point in points if point[0] >= least), key=lambda point: point[1], default=(0, 0, 0))
        print(f"Splink: at precision {least}: recall {of[1]:.4f}")
    print(f"Splink: at our recall: precision {at_recall[0]:.4f}; at its lowest threshold: precision {points[-1][0]:.4f}, recall {points[-1][1]:.4f}")
    print("true person among the first five, by slip of the number: rows, ours, Splink")
    for slip, (count, our, their) in by_slip(rows, ours, theirs):
        print(f"  {slip:<26} {count:>5} {our / count:>7.3f} {their / count:>7.3f}")

    def median(values):
        values = list(values)
        return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})", statistics.median(values)

    whole = [sum(spent.values()) for spent in theirs_spent]
    print(f"processor seconds, median (min–max) of {options.turns} turns")
    for phase in ("load", "train", "predict"):
        print(f"  Splink {phase:<8} {median(spent[phase] for spent in theirs_spent)[0]}")
    print(f"  ours   load     {median(spent['load_cpu_s'] for spent in ours_spent)[0]}")
    print(f"  ours   answer   {median(spent['answer_cpu_s'] for spent in ours_spent)[0]}")
    text, their_whole = median(whole)
    our_text, our_whole = median(spent["whole_cpu_s"] for spent in ours_spent)
    answers = statistics.median(spent["answer_cpu_s"] for spent in ours_spent)
    predict = statistics.median(spent["predict"] for spent in theirs_spent)
    ratio = their_whole / our_whole
    print(f"whole job: Splink {text}, ours {our_text}: {ratio:.1f} × faster; predict alone beside answer alone: {predict / answers:.1f} ×")
    print(f"  load and predict, nothing trained, beside our whole job: {median(s['load'] + s['predict'] for s in theirs_spent)[1] / our_whole:.1f} ×")
    tell_rows(ours_spent[-1])
    if options.large:
        write(options, options.large)
        with open(Path(folder) / "rows.csv", newline="") as file:
            large = list(csv.DictReader(file))
        answers_large, spent = our_arm(options.binary, folder, turns=5)
        precision_large, recall_large = ours_judged(large, answers_large)
        tell_rows(spent)
        print(f"  precision {precision_large:.4f}, recall {recall_large:.4f}; among the first {LIST}: {of_list(large, answers_large):.4f}")
    if recall < equal[1] or ratio < options.ratio:
        sys.exit("not reached: recall at equal precision, or the ratio of processor time")


if __name__ == "__main__":
    main()
