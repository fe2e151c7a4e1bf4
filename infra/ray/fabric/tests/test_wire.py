import json

import pytest

from apwa_fabric.contract import End, Exited, Look, Report
from apwa_fabric.wire import Refused, decode_request, encode_refusal, encode_reply


def test_reads_what_nest_writes() -> None:
    packet = {"pattern": "apwa.fabric.main.1.look", "data": {"epoch": 3, "leaseMs": 500}, "id": "0"}
    assert decode_request(json.dumps(packet).encode(), Look) == Look(epoch=3, lease_ms=500)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"data": {"graceMs": 1, "more": 2}}', b'{"data": {"graceMs": "x"}}']
)
def test_refuses_what_it_does_not_understand(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        decode_request(data, End)
    assert refused.value.code == "invalid_request"


def test_answers_in_the_envelope_of_the_contracts() -> None:
    report = Report(
        cluster="main", generation=1, epoch=2, sequence=3, members=[], ended=[], nodes=[], available={}, capabilities=[]
    )
    packet = json.loads(encode_reply(report))
    assert packet["response"] == {
        "ok": True,
        "reply": {
            "cluster": "main",
            "generation": 1,
            "epoch": 2,
            "sequence": 3,
            "members": [],
            "ended": [],
            "nodes": [],
            "available": {},
            "capabilities": [],
        },
    }
    refusal = json.loads(encode_refusal(Refused("order_overtaken", "too late")))["response"]
    assert refusal == {"ok": False, "error": {"code": "order_overtaken", "class": "refused", "message": "too late"}}
    assert Exited(code=1).model_dump(by_alias=True) == {"kind": "exited", "code": 1}
