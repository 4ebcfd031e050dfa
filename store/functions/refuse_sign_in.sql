-- refuse_sign_in leaves the entry of a sign-in that failed before a person was
-- known (TR1.d). Reasons are a closed list, that of auth.Reasons: no text from
-- outside.
CREATE FUNCTION guichet.refuse_sign_in(ip inet[], request uuid, provider text, reason text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v guichet.verdict;
BEGIN
    IF num_nulls(ip[1], request, provider, reason) > 0 OR provider NOT IN ('franceconnect', 'psc')
       OR reason NOT IN ('denied', 'no-attempt', 'state', 'issuer', 'exchange', 'id-token', 'plain', 'encryption', 'algorithm', 'unknown-key',
                         'signature', 'token-issuer', 'nonce', 'acr', 'expired', 'time', 'audience', 'userinfo', 'subject', 'traits',
                         'provider-error', 'provider-down', 'provider-slow', 'redirected', 'too-large', 'keys', 'discovery',
                         'provider-certificate', 'embedded') THEN
        RAISE 'bad request' USING ERRCODE = '22023';
    END IF;
    v.outcome := 'refused';
    v.reason := reason;
    RETURN guichet.leave_trace('sign-in', v, NULL, '{}', provider, ip, request);
END $$;
