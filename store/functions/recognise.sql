-- recognise says who a person is whom a provider has identified, and by what
-- they come to a record: docs/identity-matching.md is its table of cases.
-- Nothing is guessed (G-2.1-1.a). person is the blind index of issuer and
-- subject; traits that of the five strict traits; given those of the beginnings
-- of the list of given names; code what the person typed, or NULL; agrees what
-- the code's own index may be for this birth date and sex.
CREATE FUNCTION guichet.recognise(person bytea, role text, traits bytea, given bytea[], code bytea, agrees bytea[])
RETURNS guichet.recognition LANGUAGE plpgsql AS $$
DECLARE
    r guichet.recognition;
    v guichet.verdict;
    state text;
    said bytea;
    own uuid;
    others boolean;
    matched uuid[];
    agreed bytea;
BEGIN
    v.outcome := 'refused';
    v.role := role;
    r.replaces := false;
    r.changed := false;
    SELECT i.account, a.role INTO v.account, v.role FROM guichet.identity i JOIN guichet.account a ON a.id = i.account WHERE i.subject = person;
    IF v.account IS NULL THEN
        v.role := role;
    ELSIF v.role <> role THEN
        v.reason := 'other-role';
        r.verdict := v;
        RETURN r;
    END IF;
    IF v.account IS NOT NULL THEN
        state := guichet.state_of(v.account);
        IF state <> 'active' THEN
            v.reason := 'account-' || state;
            r.verdict := v;
            RETURN r;
        END IF;
    END IF;
    IF role <> 'patient' THEN
        v.outcome := 'granted';
        v.reason := CASE WHEN v.account IS NULL THEN 'first' ELSE 'known' END;
        r.verdict := v;
        RETURN r;
    END IF;

    -- What an operator decided of this person, as they are now (used once).
    SELECT w.id, d.patient, d.evidence, d.replaces INTO r.waiting, v.patient, r.evidence, r.replaces
      FROM guichet.waiting_identity w
      JOIN LATERAL (SELECT * FROM guichet.identity_decision x WHERE x.waiting = w.id ORDER BY x.entry DESC LIMIT 1) d ON d.decision = 'link'
     WHERE w.subject = person AND w.traits = recognise.traits AND w.expires > guichet.clock()
     ORDER BY w.at DESC LIMIT 1;
    r.replaces := coalesce(r.replaces, false);

    SELECT g.patient INTO own FROM guichet.grants g
     WHERE g.account = v.account AND g.kind = 'self' AND NOT EXISTS (SELECT FROM guichet.grant_end e WHERE e.grant_id = g.id)
     ORDER BY g.starts, g.id LIMIT 1;
    others := own IS NULL AND EXISTS (SELECT FROM guichet.grants g WHERE g.account = v.account AND g.kind <> 'self'
                                         AND NOT EXISTS (SELECT FROM guichet.grant_end e WHERE e.grant_id = g.id));

    IF own IS NOT NULL OR others THEN
        -- Known. What the provider says now is compared with what let them in.
        SELECT t.value INTO said FROM guichet.identity_traits t WHERE t.subject = person ORDER BY t.entry DESC LIMIT 1;
        IF code IS NOT NULL THEN
            v.reason := 'already-linked'; -- to another record than the code's, or to that one long since
        ELSIF said = traits OR others AND said IS NULL THEN
            v.outcome := 'granted';
            v.reason := 'known';
            r.waiting := NULL;
            r.changed := said IS NULL;
        ELSIF v.patient = own THEN
            v.outcome := 'granted';
            v.reason := 'reconciled';
            r.changed := true;
        ELSIF own = ANY (guichet.match_patient(traits)) AND guichet.agrees_given(own, given) THEN
            v.outcome := 'granted'; -- changed, and what the record says
            v.reason := 'known';
            r.waiting := NULL;
            r.changed := true;
        ELSE
            v.reason := 'traits-changed';
        END IF;
        v.patient := NULL; -- linked already
        r.verdict := v;
        RETURN r;
    END IF;

    IF code IS NOT NULL THEN
        r.waiting := NULL;
        r.replaces := false;
        r.evidence := 'code';
        SELECT c.id, c.patient, c.agrees INTO r.code, v.patient, agreed
          FROM guichet.activation_code c
         WHERE c.hash = sha256(recognise.code) AND c.expires > guichet.clock()
           AND NOT EXISTS (SELECT FROM guichet.activation_code_end e WHERE e.code = c.id);
        IF r.code IS NULL THEN
            v.reason := 'code'; -- unknown, used, revoked or expired: not said which
        ELSIF NOT agreed = ANY (agrees) THEN
            v.reason := 'code-traits';
        END IF;
    ELSIF r.waiting IS NULL THEN
        r.evidence := 'traits';
        matched := guichet.match_patient(traits);
        IF matched IS NULL THEN
            v.reason := 'no-match';
        ELSIF cardinality(matched) > 1 THEN
            v.reason := 'several-matches';
        ELSIF NOT guichet.agrees_given(matched[1], given) THEN
            v.reason := 'given-names';
        END IF;
        v.patient := matched[1];
    END IF;
    IF v.reason IS NULL AND NOT r.replaces AND guichet.live_self(v.patient) IS NOT NULL THEN
        -- To this person a moment ago, or to another: never guess which is right.
        IF v.account IS NULL AND EXISTS (SELECT FROM guichet.identity i WHERE i.subject = person) THEN
            RAISE 'try again' USING ERRCODE = 'GU004';
        END IF;
        v.reason := 'already-linked';
    END IF;
    IF v.reason IS NULL THEN
        v.outcome := 'granted';
        v.reason := CASE WHEN r.code IS NOT NULL THEN 'code' WHEN r.waiting IS NOT NULL THEN 'reconciled' ELSE 'first' END;
        r.changed := true;
    ELSE
        v.patient := NULL; -- a refusal says nothing of a record
    END IF;
    r.verdict := v;
    RETURN r;
END $$;
