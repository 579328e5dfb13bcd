"""A client in another language, written from proto/onestop/v1/onestop.proto alone.

Usage: client.py ADDRESS PROTO_FOLDER

It fills the registers, quotes, settles, sends again, reads a refusal, reverses, and streams quotes. Whatever is not as the
contract says ends it with an error.
"""

import sys

import grpc
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory

ADDRESS, PROTO_FOLDER = sys.argv[1:]
sys.path.append(PROTO_FOLDER)
messages, services = grpc.protos_and_services("onestop/v1/onestop.proto")

PERSON = "PY-PERSON-1"
FACILITY = "PY-HOSPITAL"


def rich_status():
    """google.rpc.Status, in which details travel, by its well-known fields."""
    any_pb2.Any()  # registers google/protobuf/any.proto
    file = descriptor_pb2.FileDescriptorProto(
        name="google_rpc_status_by_hand.proto",
        package="by_hand",
        dependency=["google/protobuf/any.proto"],
        syntax="proto3",
    )
    status = file.message_type.add(name="Status")
    field = descriptor_pb2.FieldDescriptorProto
    for number, name, kind, label, type_name in [
        (1, "code", field.TYPE_INT32, field.LABEL_OPTIONAL, None),
        (2, "message", field.TYPE_STRING, field.LABEL_OPTIONAL, None),
        (3, "details", field.TYPE_MESSAGE, field.LABEL_REPEATED, ".google.protobuf.Any"),
    ]:
        added = status.field.add(name=name, number=number, type=kind, label=label)
        if type_name:
            added.type_name = type_name
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("by_hand.Status"))


RichStatus = rich_status()


def refusal_of(error):
    """The refusal in a failed call's trailer."""
    trailer = dict(error.trailing_metadata())["grpc-status-details-bin"]
    rich = RichStatus.FromString(trailer)
    assert rich.code == error.code().value[0]
    assert rich.message == error.details()
    refusal = messages.Refusal()
    assert rich.details[0].Unpack(refusal), rich
    return refusal


def expect_refusal(call, code, status):
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == status, error
        refusal = refusal_of(error)
        assert refusal.code == code, refusal
        assert refusal.sentence.zh and refusal.sentence.en
        assert refusal.advice.zh and refusal.advice.en
        return refusal
    raise AssertionError(f"{code} was expected")


def writer(request_id, facility=FACILITY):
    return messages.Writer(facility=facility, request_id=request_id, operator="王五", terminal="窗口3")


def fill_registers(registers):
    person = messages.Person(
        id=PERSON,
        name="李四",
        birth="1960-05-06",
        enrolments=[messages.Enrolment(place="000001", insutype="390", **{"from": "2010-01-01"})],
        identities=[messages.HeldIdentity(identity="registered_poor", **{"from": "2016-01-01"})],
    )
    facility = messages.Facility(
        id=FACILITY,
        name="县医院",
        entries=[
            messages.FacilityEntry(place="000001", level=2, tier="county", **{"from": "2015-01-01"})
        ],
    )
    items = [
        messages.Item(code="PY-A", facts=messages.ItemFacts(**{"class": "A"}), **{"from": "2015-01-01"}),
        messages.Item(
            code="PY-B",
            facts=messages.ItemFacts(first_copay_rate="0.1", **{"class": "B"}),
            **{"from": "2015-01-01"},
        ),
    ]
    put = messages.PutPersonsRequest(writer=writer("py-persons"), persons=[person])
    # The second of the stream is the first again, and is answered as the first was.
    replies = list(registers.PutPersons(iter([put, put])))
    assert [reply.added for reply in replies] == [1, 1] and replies[0] == replies[1], replies
    put = messages.PutFacilitiesRequest(writer=writer("py-facilities"), facilities=[facility])
    assert [reply.added for reply in registers.PutFacilities(iter([put]))] == [1]
    put = messages.PutItemsRequest(writer=writer("py-items"), items=items)
    assert [reply.added for reply in registers.PutItems(iter([put]))] == [2]
    assert registers.GetPerson(messages.GetPersonRequest(id=PERSON)) == person


def admission(admission_id):
    return messages.Admission(
        id=admission_id,
        person=PERSON,
        facility=FACILITY,
        admitted_on="2018-03-01",
        discharged_on="2018-03-08",
        med_type="21",
    )


def bill():
    line = messages.Line(id="1", code="PY-A", category="09", quantity="10", price="100", amount="1000")
    other = messages.Line(id="2", code="PY-B", category="01", quantity="1", price="500", amount="500.00")
    back = messages.Line(
        id="3", code="PY-A", category="09", quantity="-2", price="100", amount="-200", refund_of="1"
    )
    return messages.Bill(total="1300", lines=[line, other, back])


def settle_request(admission_id, **more):
    return messages.SettleRequest(
        writer=writer(f"py-{admission_id}"), admission=admission(admission_id), bill=bill(), **more
    )


def year(settlement):
    key = messages.AccumulatorKey(
        person=PERSON, insutype="390", family="000000-demo", benefit_year=2018
    )
    return settlement.GetAccumulators(messages.GetAccumulatorsRequest(key=key)).accumulators


def main():
    channel = grpc.insecure_channel(ADDRESS)
    settlement = services.SettlementStub(channel)
    registers = services.RegistersStub(channel)
    rules = services.RulesStub(channel)

    assert any(pack.name.id == "000000-demo" for pack in rules.ListPacks(messages.ListPacksRequest()).packs)
    fill_registers(registers)
    empty = year(settlement)

    quote = settlement.Quote(messages.QuoteRequest(admission=admission("A1"), bill=bill())).statement
    assert (quote.total, quote.parts.in_scope, quote.parts.copay_first) == ("1300.00", "1250.00", "50.00")
    assert [line.amount for line in quote.lines] == ["800.00", "500.00"]
    request = settle_request(
        "A1", expected_patient_pay=quote.patient_pay, expected_version=quote.version
    )
    settled = settlement.Settle(request, timeout=20).settlement
    assert settled.statement == quote
    assert settlement.Settle(request).settlement == settled, "sent again, answered again"
    got = settlement.GetSettlement(messages.GetSettlementRequest(number=settled.number))
    assert got == settled

    changed = settle_request("A1", deposit="1")
    changed.expected_patient_pay = quote.patient_pay
    changed.expected_version = quote.version
    refusal = expect_refusal(
        lambda: settlement.Settle(changed), 401, grpc.StatusCode.ALREADY_EXISTS
    )
    assert "deposit" in refusal.sentence.en, refusal
    moved = settle_request("A2", expected_version=0)
    refusal = expect_refusal(lambda: settlement.Settle(moved), 404, grpc.StatusCode.ABORTED)
    assert refusal.version == 1 and [entry.id for entry in refusal.entries] == ["A1"], refusal
    unknown = settle_request("A2")
    unknown.admission.person = "NOBODY"
    expect_refusal(lambda: settlement.Settle(unknown), 107, grpc.StatusCode.NOT_FOUND)

    # Many long names in one refusal: a client's limit on headers must not be passed.
    numbers = [settlement.Settle(settle_request(f"{n:0>80}")).settlement.number for n in range(40)]
    undo = messages.ReverseRequest(writer=writer("py-undo"), number=settled.number, reason="录错")
    refusal = expect_refusal(
        lambda: settlement.Reverse(undo), 408, grpc.StatusCode.FAILED_PRECONDITION
    )
    assert [entry.number for entry in refusal.entries] == numbers[:19:-1], refusal
    for number in reversed(numbers):
        of = messages.ReverseRequest(writer=writer(f"py-undo-{number}"), number=number)
        settlement.Reverse(of)
    reversal = settlement.Reverse(undo).reversal
    assert (reversal.of_number, reversal.of_id, reversal.reason) == (settled.number, "A1", "录错")
    assert settlement.Reverse(undo).reversal == reversal
    now = year(settlement)
    assert now.version == 82
    now.version = empty.version
    assert now == empty

    def quotes():
        for n in range(500):
            request = messages.QuoteRequest(admission=admission(""), bill=bill(), amounts_only=True)
            if n % 10 == 3:
                request.admission.person = "NOBODY"
            yield request

    answers = list(settlement.QuoteMany(quotes()))
    assert len(answers) == 500
    for n, answer in enumerate(answers):
        if n % 10 == 3:
            assert answer.refusal.code == 107, answer
        else:
            assert answer.statement.patient_pay == quote.patient_pay, answer
    records = list(settlement.ListSettlements(messages.ListSettlementsRequest(person=PERSON)))
    assert [record.number for record in records] == [settled.number, *numbers]
    print("done")


main()
