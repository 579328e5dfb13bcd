"""The six steps of the demo pack for a registered poor person at the county hospital, first admission of the year, in other engines.

Prints what they say of the bills in a file, and how long they need, as JSON.
"""

import importlib.metadata
import json
import sys
import time

STEPS = ("basic", "critical", "supplementary", "tilted", "aid", "topup")
NAMES = ("in_scope", "copay_first", "over_limit", "own_expense")


def zen_expressions():
    """Each as (name, expression); `$` is what the earlier ones said. Rounding half up to the fen is spelt out."""

    def rounded(text):
        return f"floor(({text}) * 100 + 0.5) / 100"

    def cut(text):
        return f"floor(({text}) * 100) / 100"

    def least(*texts):
        return f"min([{', '.join(texts)}])"

    def above(text):
        return f"max([{text}, 0])"

    def bands(points, first, rest, end):
        return f"{least(points, end)} * {first} + {above(f'{points} - {end}')} * {rest}"

    total = "in_scope + copay_first + over_limit + own_expense"
    return [
        ("moved", least(above(f"own_expense - {cut(f'({total}) * 0.1')}"), "own_expense")),
        ("own", "own_expense - $.moved"),
        # basic
        ("basic", least(rounded(f"{above('in_scope - 300')} * 0.85"), "100000")),
        ("in1", "in_scope - $.basic"),
        # critical
        ("critical_base", above("$.in1 + copay_first - 5000")),
        ("critical", least(rounded(bands("$.critical_base", "0.55", "0.65", "40000")), "200000")),
        ("critical_in", least("$.critical", "$.in1")),
        ("in2", "$.in1 - $.critical_in"),
        ("co2", "copay_first - ($.critical - $.critical_in)"),
        # supplementary
        ("supplementary", least(rounded("($.in2 + $.co2) * 0.2"), "20000")),
        ("supplementary_in", least("$.supplementary", "$.in2")),
        ("in3", "$.in2 - $.supplementary_in"),
        ("co3", "$.co2 - ($.supplementary - $.supplementary_in)"),
        # tilted
        ("tilted", least(above(f"$.in3 - {cut('in_scope * 0.1')}"), "$.in3")),
        ("in4", "$.in3 - $.tilted"),
        # aid
        ("aid", least(rounded("($.in4 + $.co3) * 0.7"), "10000")),
        ("aid_in", least("$.aid", "$.in4")),
        ("in5", "$.in4 - $.aid_in"),
        ("co5", "$.co3 - ($.aid - $.aid_in)"),
        # topup
        ("topup_owed", "$.in5 + $.co5 + over_limit + $.own"),
        ("topup_limit", cut("(in_scope + copay_first + over_limit + $.own) * 0.1")),
        ("topup", least(above("$.topup_owed - $.topup_limit"), "5000")),
        ("patient_pay", "$.topup_owed - $.topup"),
    ]


def zen(cases):
    import zen

    expressions = [{"id": name, "key": name, "value": value} for name, value in zen_expressions()]
    place = {"x": 0, "y": 0}
    model = {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": place},
            {"id": "six", "type": "expressionNode", "name": "six", "position": place, "content": {"expressions": expressions}},
            {"id": "out", "type": "outputNode", "name": "out", "position": place},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "six", "type": "edge"},
            {"id": "2", "sourceId": "six", "targetId": "out", "type": "edge"},
        ],
    }
    decision = zen.ZenEngine().create_decision(json.dumps(model))
    contexts = [dict(zip(NAMES, (fen / 100 for fen in case))) for case in cases]
    decision.evaluate(contexts[0])
    begun = time.perf_counter()
    answers = [decision.evaluate(context)["result"] for context in contexts]
    micros = (time.perf_counter() - begun) / len(cases) * 1e6
    said = [[f"{float(answer[name]):.2f}" for name in (*STEPS, "patient_pay")] for answer in answers]
    version = importlib.metadata.version("zen-engine")
    note = "one expression node, called from Python, which costs a few microseconds of that; no trace, no accumulators, no sources."
    return {"name": f"zen-engine {version}", "micros": micros, "amounts": said, "note": note}


def openfisca(cases):
    import numpy
    from openfisca_core import entities, periods, simulations, taxbenefitsystems, variables

    person = entities.Entity("person", "persons", "", "")
    system = taxbenefitsystems.TaxBenefitSystem([person])
    month = "2018-03"

    def rounded(values):
        return numpy.floor(values * 100 + 0.5) / 100

    def cut(values):
        return numpy.floor(values * 100) / 100

    def variable(name, formula=None):
        body = {"value_type": float, "entity": person, "definition_period": periods.DateUnit.MONTH, "label": name}
        if formula is not None:
            body["formula"] = lambda one, period, parameters=None: formula(lambda of: one(of, period).astype(numpy.float64))
        system.add_variable(type(name, (variables.Variable,), body))

    for name in NAMES:
        variable(name)
    most, least = numpy.maximum, numpy.minimum
    variable("moved", lambda v: least(
        most(v("own_expense") - cut((v("in_scope") + v("copay_first") + v("over_limit") + v("own_expense")) * 0.1), 0), v("own_expense")))
    variable("basic", lambda v: least(rounded(most(v("in_scope") - 300, 0) * 0.85), 100000))
    variable("in1", lambda v: v("in_scope") - v("basic"))
    variable("critical_base", lambda v: most(v("in1") + v("copay_first") - 5000, 0))
    variable("critical", lambda v: least(
        rounded(least(v("critical_base"), 40000) * 0.55 + most(v("critical_base") - 40000, 0) * 0.65), 200000))
    variable("in2", lambda v: v("in1") - least(v("critical"), v("in1")))
    variable("co2", lambda v: v("copay_first") - (v("critical") - least(v("critical"), v("in1"))))
    variable("supplementary", lambda v: least(rounded((v("in2") + v("co2")) * 0.2), 20000))
    variable("in3", lambda v: v("in2") - least(v("supplementary"), v("in2")))
    variable("co3", lambda v: v("co2") - (v("supplementary") - least(v("supplementary"), v("in2"))))
    variable("tilted", lambda v: least(most(v("in3") - cut(v("in_scope") * 0.1), 0), v("in3")))
    variable("in4", lambda v: v("in3") - v("tilted"))
    variable("aid", lambda v: least(rounded((v("in4") + v("co3")) * 0.7), 10000))
    variable("in5", lambda v: v("in4") - least(v("aid"), v("in4")))
    variable("co5", lambda v: v("co3") - (v("aid") - least(v("aid"), v("in4"))))
    variable("topup_owed", lambda v: v("in5") + v("co5") + v("over_limit") + v("own_expense") - v("moved"))
    variable("topup", lambda v: least(most(v("topup_owed") - cut(
        (v("in_scope") + v("copay_first") + v("over_limit") + v("own_expense") - v("moved")) * 0.1), 0), 5000))
    variable("patient_pay", lambda v: v("topup_owed") - v("topup"))

    def calculate(of):
        simulation = simulations.SimulationBuilder().build_default_simulation(system, count=len(of))
        for index, name in enumerate(NAMES):
            simulation.set_input(name, month, numpy.array([case[index] / 100 for case in of]))
        return [simulation.calculate(name, month) for name in (*STEPS, "patient_pay")]

    version = importlib.metadata.version("openfisca-core")
    calculate(cases[:1])
    begun = time.perf_counter()
    single = [calculate([case]) for case in cases[:200]]
    micros = (time.perf_counter() - begun) / 200 * 1e6
    begun = time.perf_counter()
    columns = calculate(cases * 50)
    vectorised = (time.perf_counter() - begun) / (len(cases) * 50) * 1e6
    said = [[f"{float(column[index]):.2f}" for column in columns] for index in range(len(cases))]
    note = "its values are 32-bit floats, so amounts go wrong by a fen; no trace, no accumulators, no sources."
    return [
        {"name": f"OpenFisca {version}, single", "micros": micros, "amounts": said, "note": note},
        {"name": f"OpenFisca {version}, vectorised", "micros": vectorised, "amounts": said,
         "note": f"{len(cases) * 50} persons at once, the same amounts as single."},
    ]


cases = [tuple(case) for case in json.load(open(sys.argv[1]))]
print(json.dumps([zen(cases), *openfisca(cases)]))
