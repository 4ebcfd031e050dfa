-- setting_fits says whether a value is one that a setting may have. What is
-- cast has been looked at first; a network that is none all the same is an
-- error that shows nothing but what the caller wrote.
CREATE FUNCTION guichet.setting_fits(wanted text, value text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    rule record;
    network_ text;
BEGIN
    SELECT * INTO rule FROM guichet.setting_rules() r WHERE r.name = wanted;
    IF NOT FOUND OR length(value) > 2000 THEN
        RETURN false;
    END IF;
    CASE rule.kind
        WHEN 'word' THEN
            RETURN value = ANY (rule.words);
        WHEN 'time' THEN
            IF value = ANY (rule.words) THEN
                RETURN true;
            END IF;
            IF value !~ '^[1-9][0-9]{0,4} (second|minute|hour|day)s?$' THEN
                RETURN false;
            END IF;
            RETURN value::interval BETWEEN rule.lowest::interval AND rule.highest::interval;
        WHEN 'hours' THEN
            RETURN value = ANY (rule.words) OR value ~ '^([0-9]|1[0-9]|2[0-3])-([0-9]|1[0-9]|2[0-4])$' AND split_part(value, '-', 1) <> split_part(value, '-', 2);
        WHEN 'count' THEN
            IF value !~ '^[1-9][0-9]{0,5}$' THEN
                RETURN false;
            END IF;
            RETURN value::integer BETWEEN rule.lowest::integer AND rule.highest::integer;
        WHEN 'networks' THEN
            FOREACH network_ IN ARRAY string_to_array(value, ',') LOOP -- an empty value has none
                network_ := btrim(network_);
                IF network_ !~ '^([0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}|[0-9A-Fa-f:]{2,39}/[0-9]{1,3})$' THEN
                    RETURN false;
                END IF;
                -- Half the Internet is no hospital's network.
                IF masklen(network_::cidr) < (CASE family(network_::cidr) WHEN 4 THEN 16 ELSE 32 END) THEN
                    RETURN false;
                END IF;
            END LOOP;
            RETURN true;
    END CASE;
END $$;
