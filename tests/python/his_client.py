"""Four hospital systems as they are seen in the field, at one server: what they send, how they read answers, and when they stop.

    python3 his_client.py ADDRESS [demo]

With `demo` the server is `onestop serve --demo`: nobody has to sign there, and it has settled a stay before.
Only the standard library. Every client has habits of its own: how it signs, where it posts, what it calls a number, what it does
with an answer that it does not like. Prints `done`.
"""

import base64
import datetime
import decimal
import hashlib
import hmac
import http.client
import io
import json
import random
import sys
import time
import zipfile

ADDRESS = sys.argv[1]
DEMO = sys.argv[2:] == ["demo"]
FACILITY = "H51041100002"
KEY, SECRET = "AK-SAMPLE", "SK-SAMPLE"
D = decimal.Decimal


class Refused(Exception):
    """An answer with infcode -1."""


class Lost(Exception):
    """The request was sent, and the answer never read."""


class Client:
    """What all of them have in common."""

    content_type = "text/plain; charset=utf-8"
    sequence = 0

    def __init__(self, operator):
        self.operator, self.signed_in = operator, None

    def path(self, infno):
        return "/fsi/api/rsfComIfsService/callService"

    def headers(self, infno):
        return {}

    def wrapped(self, infno, data):
        return data

    def msgid(self):
        Client.sequence += 1
        return FACILITY + datetime.datetime.now().strftime("%Y%m%d%H%M%S") + "%04d" % (Client.sequence % 10000)

    def envelope(self, infno, data, msgid):
        return {
            "infno": infno, "msgid": msgid, "mdtrtarea_admvs": "510411", "insuplc_admdvs": "510411",
            "recer_sys_code": "MBS_LOCAL", "dev_no": "null", "dev_safe_info": "", "cainfo": "", "signtype": "",
            "infver": "V1.0", "opter_type": "1", "opter": self.operator, "opter_name": "示例操作员",
            "inf_time": datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S"), "fixmedins_code": FACILITY,
            "fixmedins_name": "示例县级医院", "sign_no": self.signed_in or "", "input": self.wrapped(infno, data),
        }

    def post(self, infno, body, headers, lose=False):
        connection = http.client.HTTPConnection(ADDRESS, timeout=10)
        try:
            connection.request("POST", self.path(infno), body, headers)
            answer = connection.getresponse()
            if lose:
                raise Lost()
            content = answer.read()
            # A published client throws on every other status, and takes this header for the name of a character set.
            assert answer.status == 200, (answer.status, content)
            assert answer.getheader("Content-Encoding") is None
            return answer.getheader("Content-Type"), content
        finally:
            connection.close()

    def ask(self, infno, data, msgid=None, lose=False):
        body = json.dumps(self.envelope(infno, data, msgid or self.msgid()), ensure_ascii=False).encode()
        headers = {"Content-Type": self.content_type, **self.headers(infno)}
        kind, content = self.post(infno, body, headers, lose)
        if "octet-stream" in kind:
            return content
        answer = json.loads(content, parse_float=D, parse_int=D)
        if str(answer["infcode"]) != "0":
            assert answer["output"] is None and 0 < len(answer["err_msg"]) <= 200, answer
            raise Refused(answer["err_msg"])
        assert len(answer["inf_refmsgid"]) == 30 and len(answer["respond_time"]) == 17, answer
        return answer["output"]

    def refused(self, infno, data, number):
        try:
            self.ask(infno, data)
        except Refused as why:
            assert str(why).endswith("[%d]" % number), why
        else:
            raise AssertionError("%s is not refused" % infno)

    def sign_in(self):
        self.signed_in = self.ask("9001", {"signIn": {"opter_no": self.operator, "mac": "00-00", "ip": "127.0.0.1"}})[
            "signinoutb"]["sign_no"]


class Signing(Client):
    """Signs with `_api_*` in milliseconds; text/plain to one path."""

    def headers(self, infno):
        at = str(int(time.time() * self.unit()))
        message = "_api_access_key=%s&_api_name=%s&_api_timestamp=%s&_api_version=1.0.0" % (KEY, infno, at)
        signature = base64.b64encode(hmac.new(SECRET.encode(), message.encode(), hashlib.sha1).digest()).decode()
        return {"_api_name": infno, "_api_version": "1.0.0", "_api_timestamp": at, "_api_access_key": KEY,
                "_api_signature": signature}

    def unit(self):
        return 1000


class ServiceBus(Signing):
    """The same in seconds, through a service bus; application/json; signs in once a day by itself."""

    content_type = "application/json"

    def path(self, infno):
        return "/CSB"

    def unit(self):
        return 1

    def ask(self, infno, data, msgid=None, lose=False):
        if self.signed_in is None and infno != "9001":
            self.sign_in()
        return super().ask(infno, data, msgid, lose)


class Tencent(Client):
    """Signs with `x-tif-*`; the transaction ends the URL; negates what it undoes; reconciles by file."""

    def path(self, infno):
        return "/ebus/gdyb_api/prd/hsa/hgs/" + infno

    def headers(self, infno):
        at, nonce = str(int(time.time())), "%06x" % random.randrange(1 << 24)
        signature = hashlib.sha256((at + SECRET + nonce + at).encode()).hexdigest().upper()
        return {"x-tif-paasid": KEY, "x-tif-timestamp": at, "x-tif-nonce": nonce, "x-tif-signature": signature}


class Texting(Signing):
    """Sends its input as a text that holds JSON, and numbers as texts with four decimals."""

    def wrapped(self, infno, data):
        return json.dumps(data, ensure_ascii=False)


def refusals_of_the_gateway():
    """Who does not sign, or not rightly, hears it outside of the envelope."""
    plain, signing = Client("1"), Signing("1")
    body = json.dumps(plain.envelope("9001", {}, plain.msgid())).encode()
    good = signing.headers("9001")
    old = dict(good, _api_timestamp=str(int(good["_api_timestamp"]) - 1801000))
    for headers, message in [
        ({}, "缺少服务网关的请求头!"), (old, "签名时间戳超时!"), (dict(good, _api_access_key="x"), "非法用户!"),
        (dict(good, _api_name="2304"), "签名不一致!"),
    ]:
        _, content = plain.post("9001", body, headers)
        assert json.loads(content) == {"code": 401, "message": message}, content
    other = dict(plain.envelope("9001", {}, plain.msgid()), fixmedins_code="H51040200001")
    _, content = plain.post("9001", json.dumps(other).encode(), signing.headers("9001"))
    assert json.loads(content)["message"] == "非法用户!", content


def replays():
    """A signature counts once; the same message id, signed anew, is answered as the first time."""
    for client in [Tencent("1"), Signing("1")]:
        body = json.dumps(client.envelope("9001", {"signIn": {"opter_no": "1", "mac": "0", "ip": "::1"}}, client.msgid())).encode()
        headers = client.headers("9001")
        _, first = client.post("9001", body, headers)
        _, replayed = client.post("9001", body, headers)
        assert json.loads(replayed) == {"code": 401, "message": "签名已使用过,请重新签名!"}, replayed
        time.sleep(0.002)  # A timestamp in milliseconds is another one then.
        _, again = client.post("9001", body, client.headers("9001"))
        assert json.loads(again)["output"] == json.loads(first)["output"], again


def identities(output, sign=1):
    """Reads every amount as such clients do, without asking whether it is there."""
    info = output["setlinfo"]
    amount = {name: D(str(info[name])) for name in [
        "medfee_sumamt", "fund_pay_sumamt", "psn_part_amt", "hosp_part_amt", "acct_pay", "psn_cash_pay", "hifp_pay",
        "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay", "hifdm_pay", "fulamt_ownpay_amt",
        "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "balc", "act_pay_dedc", "acct_mulaid_pay",
        "pool_prop_selfpay"]}
    for name in ["mdtrt_id", "setl_id", "psn_no", "certno", "medins_setl_id", "clr_type", "clr_optins", "setl_time",
                 "psn_type", "gend", "insutype"]:
        assert len(str(info[name])) <= 50 and "\t" not in str(info[name]), name
    a = amount
    assert a["medfee_sumamt"] == a["fund_pay_sumamt"] + a["psn_part_amt"] + a["hosp_part_amt"], info
    assert a["psn_part_amt"] == a["acct_pay"] + a["psn_cash_pay"], info
    assert a["fund_pay_sumamt"] == sum(a[name] for name in [
        "hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay"]), info
    assert a["medfee_sumamt"] == a["fulamt_ownpay_amt"] + a["overlmt_selfpay"] + a["preselfpay_amt"] + a[
        "inscp_scp_amt"], info
    assert sum(D(str(row["fund_payamt"])) for row in output["setldetail"]) == a["fund_pay_sumamt"] + a["acct_pay"] + a[
        "hosp_part_amt"], output
    assert a["medfee_sumamt"] * sign > 0
    return amount


class Stay:
    """A hospital's own record of a stay, with the order of calls that its system makes."""

    def __init__(self, client, certificate, number):
        self.client, self.number, self.lines, self.serial = client, number, [], 0
        person = client.ask("1101", {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": certificate, "card_sn": "",
                                              "begntime": "", "psn_cert_type": "1", "certno": certificate, "psn_name": ""}})
        insured = [row for row in person["insuinfo"] if row["psn_insu_stas"] == "1"]
        self.insutype, self.person = insured[0]["insutype"], person["baseinfo"]["psn_no"]
        checked = client.ask("2001", {"data": {"psn_no": self.person, "insutype": self.insutype, "med_type": "21",
                                               "fixmedins_code": FACILITY, "begntime": "2018-05-02 08:00:00"}})
        assert any(row["trt_enjymnt_flag"] == "1" for row in checked["trtinfo"]), checked
        self.visit = client.ask("2401", {
            "mdtrtinfo": {"psn_no": self.person, "insutype": self.insutype, "coner_name": "", "tel": "",
                          "begntime": "2018-05-02 08:00:00", "mdtrt_cert_type": "02", "mdtrt_cert_no": certificate,
                          "med_type": "21", "ipt_no": number, "medrcdno": None, "atddr_no": "D1", "chfpdr_name": "示例医师",
                          "adm_diag_dscr": "肺炎", "adm_dept_codg": "01", "adm_dept_name": "内科", "adm_bed": "1",
                          "dscg_maindiag_code": "J18.900", "dscg_maindiag_name": "肺炎", "latechb_flag": "",
                          "geso_val": "0", "expContent": "{\"IPT_TYPE\":\"1\"}"},
            "diseinfo": [{"psn_no": self.person, "diag_type": "1", "maindiag_flag": "1", "diag_srt_no": "1",
                          "diag_code": "J18.900", "diag_name": "肺炎", "diag_dept": "01", "dise_dor_no": "D1",
                          "dise_dor_name": "示例医师", "diag_time": "2018-05-02 08:00:00"}]})["result"]["mdtrt_id"]

    def line(self, code, quantity, price, refunds=""):
        self.serial += 1
        number = str(int(self.number[2:]) * 1000 + self.serial)
        amount = (D(quantity) * D(price)).quantize(D("0.01"), decimal.ROUND_HALF_UP)
        self.lines.append((number, amount))
        return number, {
            "feedetl_sn": number, "init_feedetl_sn": refunds, "mdtrt_id": self.visit, "drord_no": "", "psn_no": self.person,
            "med_type": "21", "fee_ocur_time": "2018-05-03 09:00:00", "med_list_codg": code, "medins_list_codg": "L" + code,
            "det_item_fee_sumamt": "%.4f" % amount, "cnt": "%.4f" % D(quantity), "pric": "%.6f" % D(price),
            "bilg_dept_codg": "01", "bilg_dept_name": "内科", "bilg_dr_codg": "D1", "bilg_dr_name": "示例医师",
            "hosp_appr_flag": "1", "exp_content": ""}

    def upload(self, *lines):
        rows = self.client.ask("2301", {"feedetail": list(lines)})["result"]
        for row, sent in zip(rows, lines):
            assert row["feedetl_sn"] == sent["feedetl_sn"]
            assert D(str(row["det_item_fee_sumamt"])) == sum(D(str(row[name])) for name in [
                "fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt"]), row
        return rows

    def total(self):
        return sum(amount for _, amount in self.lines)

    def bill(self):
        return {"data": {"psn_no": self.person, "mdtrt_cert_type": "02", "mdtrt_cert_no": "", "card_sn": "",
                         "psn_cert_type": "01", "medfee_sumamt": str(self.total()), "psn_setlway": "01",
                         "mdtrt_id": self.visit, "acct_used_flag": "0", "insutype": self.insutype, "invono": "F" + self.number,
                         "mid_setl_flag": "0", "fulamt_ownpay_amt": "0.00", "overlmt_selfpay": "0.00",
                         "preselfpay_amt": "0.00", "inscp_scp_amt": "0.00", "dscg_time": "2018-05-09"}}

    def discharge(self):
        self.client.ask("2402", {"dscginfo": {"mdtrt_id": self.visit, "psn_no": self.person, "insutype": self.insutype,
                                              "endtime": "2018-05-09 10:00:00", "dscg_dept_codg": "01",
                                              "dscg_dept_name": "内科", "dscg_way": "1", "die_date": ""}, "diseinfo": []})

    def named(self, number):
        return {"data": {"mdtrt_id": self.visit, "setl_id": number, "psn_no": self.person}}


def a_stay(client, number, certificate):
    """Sign in, person, admission, fee lines with refunds, quote, settle, lost answer, undo, settle again."""
    client.sign_in()
    stay = Stay(client, certificate, number)
    first, injection = stay.line("SB001", "5", "123.45")
    _, bed = stay.line("SF001", "7", "45")
    stay.upload(injection, bed)
    # A refund takes the line back whole, and what is left is charged anew.
    _, back = stay.line("SB001", "-5", "123.45", first)
    _, anew = stay.line("SB001", "3", "123.45")
    _, operation = stay.line("SF018", "1", "12000")
    _, tonic = stay.line("SC001", "2.5", "33.33")
    rows = stay.upload(back, anew, operation, tonic)
    assert D(str(rows[0]["det_item_fee_sumamt"])) < 0 and rows[3]["chrgitm_lv"] == "03", rows
    # A line too many is taken back, and so is everything, and uploaded again: what is often advised.
    extra, line = stay.line("SA001", "1", "1")
    stay.upload(line)
    client.ask("2302", {"data": [{"feedetl_sn": extra, "mdtrt_id": stay.visit, "psn_no": stay.person}]})
    client.ask("2302", {"data": [{"feedetl_sn": "0000", "mdtrt_id": stay.visit, "psn_no": stay.person}]})
    stay.lines = [entry for entry in stay.lines if entry[0] != extra]
    stay.upload(injection, bed, back, anew, operation, tonic)
    quoted = identities(client.ask("2303", stay.bill()))
    assert quoted["medfee_sumamt"] == stay.total()
    stay.discharge()
    # The answer is lost. The system does not know, and takes the request back; twice, to be sure.
    lost = client.msgid()
    try:
        client.ask("2304", stay.bill(), lost, lose=True)
    except Lost:
        pass
    for _ in range(2):
        assert client.ask("2601", {"data": {"psn_no": stay.person, "omsgid": lost, "oinfno": "2304"}}) == {}
    # Settled under a new id, and sent once more: it is the same settlement.
    again = client.msgid()
    settled = client.ask("2304", stay.bill(), again)
    amounts = identities(settled)
    assert amounts == quoted, (amounts, quoted)
    assert settled["setlinfo"]["medins_setl_id"] == again
    assert client.ask("2304", stay.bill(), again)["setlinfo"] == settled["setlinfo"]
    client.refused("2304", stay.bill(), 422)
    number = settled["setlinfo"]["setl_id"]
    asked = client.ask("5203", stay.named(number))
    assert D(str(asked["setlinfo"]["psn_pay"])) == amounts["psn_part_amt"]
    by_message = {"data": {"psn_no": stay.person, "mdtrt_id": stay.visit, "omsgid": again}}
    assert client.ask("5203", by_message)["setlinfo"]["setl_id"] == number
    assert len(client.ask("5204", stay.named(number))) == 6
    items = client.ask("100001", {"data": {"psn_No": stay.person, "setl_Id": number, "mdtrt_Id": stay.visit}})
    assert {"S001", "C001", "101"} <= {row["polItemCode"] for row in items}, items
    # Undone: a new number, and every amount negated.
    undone = client.ask("2305", stay.named(number))
    negated = identities(undone, -1)
    for name in ["medfee_sumamt", "fund_pay_sumamt", "psn_cash_pay", "inscp_scp_amt"]:
        assert negated[name] == -amounts[name], name
    final = client.ask("2304", stay.bill())
    assert identities(final) == amounts
    return [(settled, "0"), (undone, "1"), (final, "0")], stay


def day_end(client, books):
    """3201 balances; with one difference injected it does not, and 3202 says which row it is."""
    day = books[0][0]["setlinfo"]["setl_time"][:10]

    def totals(rows):
        of = lambda name: sum(D(str(output["setlinfo"][name])) for output, _ in rows)
        return {"insutype": "390", "clr_type": "21", "setl_optins": "510411", "stmt_begndate": day, "stmt_enddate": day,
                "medfee_sumamt": str(of("medfee_sumamt")), "fund_pay_sumamt": str(of("fund_pay_sumamt")),
                "cash_payamt": str(of("psn_cash_pay")), "acct_pay": str(of("acct_pay")),
                "fixmedins_setl_cnt": str(len(rows)), "fixmedins_refd_setl_flag": "0", "REFD_SETL_FLAG": ""}

    balanced = client.ask("3201", {"data": totals(books)})["stmtinfo"]
    assert balanced["stmt_rslt"] == "0", balanced
    wrong = json.loads(json.dumps(books[0][0], default=str))
    wrong["setlinfo"]["fund_pay_sumamt"] = str(D(str(wrong["setlinfo"]["fund_pay_sumamt"])) + D("0.01"))
    rows = [(wrong, "0")] + books[1:]
    asked = totals(rows)
    assert client.ask("3201", {"data": asked})["stmtinfo"]["stmt_rslt"] == "1"
    text = "".join("\t".join([
        output["setlinfo"]["setl_id"], output["setlinfo"]["mdtrt_id"], output["setlinfo"]["psn_no"],
        str(output["setlinfo"]["medfee_sumamt"]), str(output["setlinfo"]["fund_pay_sumamt"]), "0.00", refund]) + "\n"
        for output, refund in rows)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.txt", text)
    uploaded = client.ask("9101", {"fsUploadIn": {"in": list(packed.getvalue()), "filename": "rows.zip",
                                                  "fixmedins_code": FACILITY}})
    asked["file_qury_no"] = uploaded["file_qury_no"]
    info = client.ask("3202", {"data": asked})["fileinfo"]
    content = client.ask("9102", {"fsDownloadIn": {"file_qury_no": info["file_qury_no"], "filename": info["filename"],
                                                   "fixmedins_code": FACILITY}})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        results = [line.split("\t") for line in archive.read(archive.namelist()[0]).decode().splitlines()]
    different = [row for row in results if row[4] != "0"]
    assert len(different) == 1 and different[0][2] == wrong["setlinfo"]["setl_id"], results
    assert different[0][4] == "3" and D(different[0][8]) == D(str(books[0][0]["setlinfo"]["fund_pay_sumamt"])), different


def main():
    books = []
    if DEMO:
        asked = Client("0").ask("5203", {"data": {"psn_no": "P510411000001", "mdtrt_id": "SAMPLE-510411-1",
                                                  "omsgid": "sample-510411-1"}})
        asked["setlinfo"]["psn_cash_pay"] = asked["setlinfo"]["cash_payamt"]
        books.append((asked, "0"))
    else:
        refusals_of_the_gateway()
        replays()
    for number, certificate, client in [
        ("ZY1", "SAMPLE-510411-1", Signing("001")), ("ZY2", "sample-510411-2", ServiceBus("002")),
        ("ZY3", "SAMPLE-510411-3", Tencent("003")), ("ZY4", "SAMPLE-510411-4", Texting("004")),
    ]:
        rows, stay = a_stay(client, number, certificate)
        books += rows
        client.ask("9002", {"signOut": {"sign_no": client.signed_in, "opter_no": client.operator}})
        # Everything is undone in its order, and then there is nothing.
        last = rows[-1][0]["setlinfo"]["setl_id"]
        client.refused("2404", {"data": {"mdtrt_id": stay.visit, "psn_no": stay.person}}, 422)
        if number == "ZY4":
            undone = client.ask("2305", stay.named(last))
            books.append((undone, "1"))
            client.ask("2405", {"data": {"mdtrt_id": stay.visit, "psn_no": stay.person}})
            client.ask("2302", {"data": [{"feedetl_sn": "0000", "mdtrt_id": stay.visit, "psn_no": stay.person}]})
            client.ask("2404", {"data": {"mdtrt_id": stay.visit, "psn_no": stay.person}})
    # What was taken back by 2601 is in the ledger as a settlement and its reversal: they come to nothing, in two rows.
    client = Tencent("003")
    found = client.ask("5206", {"data": {"psn_no": stay.person, "cum_ym": "201805"}})["cuminfo"]
    assert all(D(str(row["cum"])) == 0 for row in found), found
    lost = [(copy, refund) for copy, refund in lost_rows(client, books)]
    day_end(client, books + lost)
    print("done")


def lost_rows(client, books):
    """The settlements whose answers were lost, and their reversals, as the hospital finds them: by asking."""
    rows = []
    for output, _ in books:
        info = output["setlinfo"]
        for step in (-2, -1):
            number = str(int(info["setl_id"]) + step)
            try:
                asked = client.ask("5203", {"data": {"psn_no": info["psn_no"], "setl_id": number,
                                                     "mdtrt_id": info["mdtrt_id"]}})
            except Refused:
                continue
            known = {one["setlinfo"]["setl_id"] for one, _ in books + rows}
            if number not in known:
                negative = D(str(asked["setlinfo"]["medfee_sumamt"])) < 0
                rows.append((asked, "1" if negative else "0"))
    for output, _ in rows:
        output["setlinfo"].setdefault("psn_cash_pay", output["setlinfo"]["cash_payamt"])
    return rows


if __name__ == "__main__":
    main()
