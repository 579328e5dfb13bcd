-- The demo pack of 2018 as local systems are often built: tables, and functions in PL/pgSQL. Bills of totals, inpatients, no chain of
-- deductibles (the workload has none). The whole chain with its trace, the year's accumulators, request ids and the ledger.
CREATE TABLE person (id text PRIMARY KEY, birth date NOT NULL);
CREATE TABLE enrolment (person text NOT NULL, place text NOT NULL, insutype text NOT NULL, first_day date NOT NULL, last_day date);
CREATE INDEX ON enrolment (person);
CREATE TABLE held_identity (person text NOT NULL, code text NOT NULL, first_day date NOT NULL, last_day date);
CREATE INDEX ON held_identity (person);
CREATE TABLE facility (id text PRIMARY KEY, place text NOT NULL, level int NOT NULL, tier text NOT NULL);

CREATE TABLE benefit_year (
    person text, year int, version bigint NOT NULL DEFAULT 0, admissions int NOT NULL DEFAULT 0,
    total numeric NOT NULL DEFAULT 0, patient_pay numeric NOT NULL DEFAULT 0,
    basic_paid numeric NOT NULL DEFAULT 0,
    critical_eligible numeric NOT NULL DEFAULT 0, critical_paid numeric NOT NULL DEFAULT 0,
    supplementary_paid numeric NOT NULL DEFAULT 0, supplementary_eligible numeric NOT NULL DEFAULT 0,
    aid_eligible numeric NOT NULL DEFAULT 0, aid_paid numeric NOT NULL DEFAULT 0,
    topup_paid numeric NOT NULL DEFAULT 0, topup_allowed numeric NOT NULL DEFAULT 0,
    topup_measured numeric NOT NULL DEFAULT 0, topup_remaining numeric NOT NULL DEFAULT 0,
    PRIMARY KEY (person, year)
) WITH (fillfactor = 50);

CREATE TABLE ledger (
    number bigserial PRIMARY KEY, facility text NOT NULL, request_id text NOT NULL, admission text NOT NULL, person text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(), statement jsonb NOT NULL,
    UNIQUE (facility, request_id), UNIQUE (facility, admission)
);

-- What bands pay on the span from 0 to a point.
CREATE FUNCTION by_bands(bands jsonb, point numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE band jsonb; start numeric := 0; ends numeric; paid numeric := 0;
BEGIN
    FOR band IN SELECT * FROM jsonb_array_elements(bands) LOOP
        EXIT WHEN point <= start;
        ends := least(point, coalesce((band->>'up_to')::numeric, point));
        paid := paid + (ends - start) * (band->>'rate')::numeric;
        start := coalesce((band->>'up_to')::numeric, start);
    END LOOP;
    RETURN paid;
END $$;

-- The statement of an admission on a year, with its trace. `y` is updated to the year after it.
CREATE FUNCTION compute(
    p_person text, p_facility text, p_admitted date, p_discharged date,
    in_scope numeric, copay_first numeric, over_limit numeric, own_expense numeric, INOUT y benefit_year, OUT statement jsonb
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    e enrolment; f facility; poor bool; low bool; destitute bool; locality text; compliant bool;
    facility_borne numeric := 0; total numeric; moved numeric := 0;
    o_in numeric; o_co numeric; o_over numeric; o_own numeric;
    deductible numeric; rate numeric; bands jsonb; points numeric; eligible numeric; pay numeric; uncapped numeric;
    before_point numeric; after_point numeric; allowed numeric; lim numeric; measured numeric; owed numeric; cap numeric;
    taken_in numeric; taken_co numeric; taken_over numeric; taken_own numeric;
    steps jsonb := '[]'; by_fund numeric := 0; by_commercial numeric := 0; by_government numeric := 0;
    pieces numeric[]; patient numeric;
BEGIN
    SELECT * INTO e FROM enrolment WHERE person = p_person AND first_day <= p_discharged AND (last_day IS NULL OR p_discharged <= last_day);
    IF NOT FOUND THEN RAISE EXCEPTION 'not insured'; END IF;
    SELECT * INTO f FROM facility WHERE id = p_facility;
    IF NOT FOUND THEN RAISE EXCEPTION 'unknown facility'; END IF;
    SELECT coalesce(bool_or(code IN ('registered_poor', '2302')), false), coalesce(bool_or(code IN ('low_income', '2303')), false),
           coalesce(bool_or(code IN ('destitute', '2304')), false) INTO poor, low, destitute
        FROM held_identity WHERE person = p_person AND first_day <= p_admitted AND (last_day IS NULL OR p_admitted <= last_day);
    locality := CASE WHEN f.place = e.place THEN 'county' WHEN left(f.place, 4) = left(e.place, 4) THEN 'city'
                     WHEN left(f.place, 2) = left(e.place, 2) THEN 'province' ELSE 'outside' END;
    compliant := locality IN ('county', 'city');
    total := in_scope + copay_first + over_limit + own_expense;
    IF poor AND locality = 'county' THEN
        moved := least(greatest(own_expense - trunc(total * 0.10, 2), 0), own_expense);
        facility_borne := moved;
    END IF;
    o_in := in_scope; o_co := copay_first; o_over := over_limit; o_own := own_expense - moved;

    -- basic: share, each admission
    deductible := CASE WHEN f.level <= 1 THEN 100 WHEN f.level = 2 THEN 300 WHEN y.admissions = 0 THEN 600 ELSE 300 END;
    points := CASE WHEN poor AND compliant THEN 0.05 WHEN NOT compliant THEN -0.10 ELSE 0 END;
    bands := CASE WHEN f.level <= 1 THEN jsonb_build_array(jsonb_build_object('rate', 0.90 + points))
                  WHEN f.level = 2 THEN jsonb_build_array(jsonb_build_object('rate', 0.80 + points))
                  ELSE jsonb_build_array(jsonb_build_object('up_to', 10000, 'rate', 0.60 + points), jsonb_build_object('rate', 0.70 + points)) END;
    eligible := o_in;
    uncapped := round(by_bands(bands, greatest(eligible - deductible, 0)), 2);
    pay := least(uncapped, greatest(100000 - y.basic_paid, 0));
    o_in := o_in - pay; by_fund := by_fund + pay; y.basic_paid := y.basic_paid + pay;
    steps := steps || jsonb_build_object('id', 'basic', 'title', '基本医保', 'kind', 'share', 'fund', '390100', 'payment', pay, 'uncapped', uncapped,
        'from', jsonb_build_object('in_scope', pay), 'eligible', eligible, 'nominal', deductible, 'nominal_source', 'notice 二(一)1',
        'adjusted', deductible, 'met', least(eligible, deductible), 'points', points, 'bands', bands, 'bands_source', 'notice 二(一)2',
        'cap_year', 100000, 'cap_source', 'notice 二(一)5');

    -- critical: share, the year
    deductible := 10000; points := 0;
    IF poor OR low OR destitute THEN deductible := 5000; points := 0.05; END IF;
    bands := jsonb_build_array(jsonb_build_object('up_to', 40000, 'rate', 0.50 + points), jsonb_build_object('rate', 0.60 + points));
    eligible := o_in + o_co;
    before_point := greatest(y.critical_eligible - deductible, 0);
    after_point := greatest(y.critical_eligible + eligible - deductible, 0);
    uncapped := round(by_bands(bands, after_point), 2) - round(by_bands(bands, before_point), 2);
    pay := least(uncapped, greatest(200000 - y.critical_paid, 0));
    taken_in := least(pay, o_in); taken_co := pay - taken_in; o_in := o_in - taken_in; o_co := o_co - taken_co;
    by_fund := by_fund + pay;
    steps := steps || jsonb_build_object('id', 'critical', 'title', '大病保险', 'kind', 'share', 'fund', '390200', 'payment', pay, 'uncapped', uncapped,
        'from', jsonb_build_object('in_scope', taken_in, 'copay_first', taken_co), 'eligible', eligible, 'eligible_before', y.critical_eligible,
        'nominal', 10000, 'nominal_source', 'notice 二(二)1', 'adjusted', deductible, 'points', points, 'bands', bands,
        'bands_source', 'notice 二(二)1', 'adjust_source', 'notice 二(二)2; read as points', 'cap_year', 200000, 'cap_source', 'notice 二(二)3',
        'paid_before', y.critical_paid);
    y.critical_eligible := y.critical_eligible + eligible; y.critical_paid := y.critical_paid + pay;

    -- supplementary: share, the year
    IF poor THEN
        eligible := o_in + o_co;
        uncapped := round((y.supplementary_eligible + eligible) * 0.20, 2) - round(y.supplementary_eligible * 0.20, 2);
        pay := least(uncapped, greatest(20000 - y.supplementary_paid, 0));
        taken_in := least(pay, o_in); taken_co := pay - taken_in; o_in := o_in - taken_in; o_co := o_co - taken_co;
        by_fund := by_fund + pay;
        pieces := ARRAY[trunc(pay * 0.3, 2), trunc(pay * 0.3, 2), trunc(pay * 0.4, 2)];
        -- By largest remainder, of equal ones the first.
        FOR i IN 1 .. ((pay - pieces[1] - pieces[2] - pieces[3]) * 100)::int LOOP
            DECLARE best int := 1; rest numeric := -1; part numeric;
            BEGIN
                FOR k IN 1 .. 3 LOOP
                    part := pay * (ARRAY[0.3, 0.3, 0.4])[k] - pieces[k];
                    IF part > rest THEN rest := part; best := k; END IF;
                END LOOP;
                pieces[best] := pieces[best] + 0.01;
            END;
        END LOOP;
        steps := steps || jsonb_build_object('id', 'supplementary', 'title', '补充医疗保险', 'kind', 'share', 'fund', '390300', 'payment', pay,
            'uncapped', uncapped, 'from', jsonb_build_object('in_scope', taken_in, 'copay_first', taken_co), 'eligible', eligible,
            'eligible_before', y.supplementary_eligible, 'rate', 0.20, 'bands_source', 'notice 二(三)1', 'cap_year', 20000,
            'financing', jsonb_build_object('province', pieces[1], 'city', pieces[2], 'county', pieces[3]), 'financing_source', 'notice 二(三)2',
            'paid_before', y.supplementary_paid);
        y.supplementary_eligible := y.supplementary_eligible + eligible; y.supplementary_paid := y.supplementary_paid + pay;
    END IF;

    -- tilted: floor, each admission
    IF poor AND locality = 'county' THEN
        measured := in_scope; owed := o_in; lim := trunc(measured * 0.10, 2);
        pay := least(greatest(owed - lim, 0), owed);
        o_in := o_in - pay; by_fund := by_fund + pay;
        steps := steps || jsonb_build_object('id', 'tilted', 'title', '倾斜支付', 'kind', 'floor', 'fund', '999997', 'payment', pay,
            'from', jsonb_build_object('in_scope', pay), 'measured', measured, 'owed', owed, 'ratio', 0.90, 'source', 'notice 二(四)', 'limit', lim);
    END IF;

    -- aid: share, the year
    IF poor OR low OR destitute THEN
        rate := CASE WHEN destitute THEN 1 WHEN low THEN 0.80 ELSE 0.70 END;
        cap := CASE WHEN destitute THEN 30000 WHEN low THEN 20000 ELSE 10000 END;
        eligible := o_in + o_co;
        uncapped := round((y.aid_eligible + eligible) * rate, 2) - round(y.aid_eligible * rate, 2);
        pay := least(uncapped, greatest(cap - y.aid_paid, 0));
        taken_in := least(pay, o_in); taken_co := pay - taken_in; o_in := o_in - taken_in; o_co := o_co - taken_co;
        by_government := by_government + pay;
        steps := steps || jsonb_build_object('id', 'aid', 'title', '医疗救助', 'kind', 'share', 'fund', '610100', 'payment', pay, 'uncapped', uncapped,
            'from', jsonb_build_object('in_scope', taken_in, 'copay_first', taken_co), 'eligible', eligible, 'eligible_before', y.aid_eligible,
            'rate', rate, 'bands_source', 'notice 二(五)1', 'cap_year', cap, 'cap_source', 'notice 二(五)2', 'paid_before', y.aid_paid);
        y.aid_eligible := y.aid_eligible + eligible; y.aid_paid := y.aid_paid + pay;
    END IF;

    -- topup: floor, the year
    IF poor AND compliant THEN
        measured := in_scope + copay_first + over_limit + own_expense - moved;
        owed := o_in + o_co + o_over + o_own;
        allowed := y.topup_allowed + measured * 0.10; lim := trunc(allowed, 2);
        uncapped := least(greatest(y.topup_remaining + owed - lim, 0), owed);
        pay := least(uncapped, greatest(5000 - y.topup_paid, 0));
        taken_in := least(pay, o_in); taken_co := least(pay - taken_in, o_co); taken_over := least(pay - taken_in - taken_co, o_over);
        taken_own := pay - taken_in - taken_co - taken_over;
        o_in := o_in - taken_in; o_co := o_co - taken_co; o_over := o_over - taken_over; o_own := o_own - taken_own;
        by_commercial := by_commercial + pay;
        steps := steps || jsonb_build_object('id', 'topup', 'title', '县级补充到九成', 'kind', 'floor', 'fund', '620100', 'payment', pay, 'uncapped', uncapped,
            'from', jsonb_build_object('in_scope', taken_in, 'copay_first', taken_co, 'over_limit', taken_over, 'own_expense', taken_own),
            'measured', measured, 'owed', owed, 'ratio', 0.90, 'source', 'notice 三(一)', 'allowed', allowed, 'limit', lim, 'cap_year', 5000,
            'paid_before', y.topup_paid, 'remaining', y.topup_remaining + owed - pay);
        y.topup_paid := y.topup_paid + pay; y.topup_allowed := allowed; y.topup_measured := y.topup_measured + measured;
        y.topup_remaining := y.topup_remaining + owed - pay;
    END IF;

    patient := o_in + o_co + o_over + o_own;
    IF total <> by_fund + by_commercial + by_government + patient + facility_borne THEN RAISE EXCEPTION 'does not balance'; END IF;
    y.version := y.version + 1; y.admissions := y.admissions + 1; y.total := y.total + total; y.patient_pay := y.patient_pay + patient;
    statement := jsonb_build_object('pack', '000000-demo', 'effective_from', '2018-01-01', 'benefit_year', extract(year FROM p_discharged),
        'version', y.version - 1, 'facts', jsonb_build_object('place', e.place, 'insutype', e.insutype, 'locality', locality, 'level', f.level,
        'tier', f.tier, 'registered_poor', poor, 'low_income', low, 'destitute', destitute, 'compliant', compliant, 'ordinal', y.admissions,
        'admitted_on', p_admitted, 'discharged_on', p_discharged),
        'total', total, 'parts', jsonb_build_object('in_scope', in_scope, 'copay_first', copay_first, 'over_limit', over_limit,
        'own_expense', own_expense - moved, 'facility_borne', facility_borne), 'steps', steps, 'patient_pay', patient,
        'payments', by_fund + by_commercial + by_government,
        'by_payer', jsonb_build_object('fund', by_fund, 'commercial', by_commercial, 'government', by_government),
        'actual_ratio', CASE WHEN total - facility_borne = 0 THEN NULL ELSE round(1 - patient / (total - facility_borne), 4) END);
END $$;

CREATE FUNCTION quote(p_person text, p_facility text, p_admitted date, p_discharged date,
    in_scope numeric, copay_first numeric, over_limit numeric, own_expense numeric) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE y benefit_year; statement jsonb;
BEGIN
    SELECT * INTO y FROM benefit_year WHERE person = p_person AND year = extract(year FROM p_discharged)::int;
    IF NOT FOUND THEN y := ROW(p_person, extract(year FROM p_discharged)::int, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); END IF;
    SELECT c.statement INTO statement FROM compute(p_person, p_facility, p_admitted, p_discharged, in_scope, copay_first, over_limit, own_expense, y) c;
    RETURN statement;
END $$;

CREATE FUNCTION settle(p_request text, p_admission text, p_person text, p_facility text, p_admitted date, p_discharged date,
    in_scope numeric, copay_first numeric, over_limit numeric, own_expense numeric) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE y benefit_year; done jsonb; c record; the_year int := extract(year FROM p_discharged)::int;
BEGIN
    SELECT l.statement INTO done FROM ledger l WHERE l.facility = p_facility AND l.request_id = p_request;
    IF FOUND THEN RETURN done; END IF;
    INSERT INTO benefit_year (person, year) VALUES (p_person, the_year) ON CONFLICT DO NOTHING;
    SELECT * INTO y FROM benefit_year WHERE person = p_person AND year = the_year FOR UPDATE;
    SELECT * INTO c FROM compute(p_person, p_facility, p_admitted, p_discharged, in_scope, copay_first, over_limit, own_expense, y);
    y := c.y;
    UPDATE benefit_year SET version = y.version, admissions = y.admissions, total = y.total, patient_pay = y.patient_pay,
        basic_paid = y.basic_paid, critical_eligible = y.critical_eligible, critical_paid = y.critical_paid,
        supplementary_paid = y.supplementary_paid, supplementary_eligible = y.supplementary_eligible, aid_eligible = y.aid_eligible,
        aid_paid = y.aid_paid, topup_paid = y.topup_paid, topup_allowed = y.topup_allowed, topup_measured = y.topup_measured,
        topup_remaining = y.topup_remaining WHERE person = p_person AND year = the_year;
    INSERT INTO ledger (facility, request_id, admission, person, statement) VALUES (p_facility, p_request, p_admission, p_person, c.statement);
    RETURN c.statement;
END $$;
