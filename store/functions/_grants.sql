-- Who may call what. A function that is not named here is called by other
-- functions only.
GRANT EXECUTE ON FUNCTION
    guichet.load_session(bytea, inet[], uuid, boolean), guichet.save_session(bytea, bytea), guichet.end_session(bytea, inet[], uuid, text),
    guichet.sign_in(bytea, inet[], uuid, text, text, bytea, bytea, bytea, text, uuid, bytea, bytea, uuid, bytea, bytea, bytea,
                    bytea[], uuid, text, bytea, bytea, bytea[], timestamptz),
    guichet.refresh_account(bytea, inet[], uuid, integer, bytea),
    guichet.refuse_sign_in(inet[], uuid, text, text), guichet.refuse_page(bytea, inet[], uuid),
    guichet.note_presence(bytea, inet[], uuid), guichet.continue_session(bytea, inet[], uuid), guichet.same_account(bytea, bytea),
    guichet.ask_home(bytea, inet[], uuid), guichet.ask_reports(bytea, inet[], uuid), guichet.ask_report(bytea, inet[], uuid, uuid),
    guichet.ask_original(bytea, inet[], uuid, uuid), guichet.ask_access_log(bytea, inet[], uuid, bigint, integer, boolean, text, timestamptz, boolean), guichet.ask_proof(bytea, inet[], uuid, bigint),
    guichet.ask_trend(bytea, inet[], uuid, bytea), guichet.ask_account(bytea, inet[], uuid),
    guichet.ask_many(text[], bytea[], inet[], inet[], uuid[], uuid[], bigint[], bytea[]), guichet.housekeep(), guichet.watch_reviews(),
    guichet.take_over(bytea, inet[], uuid), guichet.report_incident(bytea, inet[], uuid), guichet.close_account(bytea, inet[], uuid), guichet.report_access(bytea, inet[], uuid, bigint, text), guichet.session_limits(),
    guichet.may_try(inet[], uuid, text), guichet.begin_try(inet[], uuid, text), guichet.may_try_as(inet[], uuid, text, bytea)
    TO guichet_portal;
GRANT EXECUTE ON FUNCTION
    guichet.open_system(bytea, inet[], uuid, text, bytea, uuid, bytea, interval), guichet.end_session(bytea, inet[], uuid, text),
    guichet.refuse_feed(inet[], uuid, text), guichet.find_patient(bytea, inet[], uuid, bytea, text[], bytea[]),
    guichet.deposit(bytea, inet[], uuid, uuid, bytea, bytea, text[], bytea[], uuid, bytea, bytea, text[], uuid[], bytea[], bytea[], uuid, integer, bytea, bytea[], bytea[], bytea[], text[], uuid[], integer[], bytea[], integer[], bytea, boolean),
    guichet.deposit_patient(bytea, inet[], uuid, uuid, bytea, bytea, text[], bytea[], uuid, bytea, bytea, text[], uuid[], bytea[], bytea[]),
    guichet.quarantine(bytea, inet[], uuid, uuid, bytea, text, bytea), guichet.ask_quarantine(bytea, inet[], uuid, uuid),
    guichet.ask_quarantined(bytea, inet[], uuid, uuid), guichet.release(bytea, inet[], uuid, uuid)
    TO guichet_intake;
GRANT EXECUTE ON FUNCTION
    guichet.open_system(bytea, inet[], uuid, text, bytea, uuid, bytea, interval), guichet.end_session(bytea, inet[], uuid, text),
    guichet.change_setting(bytea, inet[], uuid, text, text), guichet.show_settings(),
    guichet.block_network(bytea, inet[], uuid, cidr, interval), guichet.unblock_network(bytea, inet[], uuid, cidr), guichet.ask_networks(bytea, inet[], uuid),
    guichet.ask_patient(bytea, inet[], uuid, bytea), guichet.make_code(bytea, inet[], uuid, uuid, uuid, bytea, bytea, interval),
    guichet.ask_codes(bytea, inet[], uuid), guichet.revoke_code(bytea, inet[], uuid, uuid),
    guichet.ask_identities(bytea, inet[], uuid), guichet.ask_identity(bytea, inet[], uuid, text),
    guichet.decide_identity(bytea, inet[], uuid, text, uuid, text, boolean),
    guichet.ask_accounts(bytea, inet[], uuid, bytea), guichet.ask_reviews(bytea, inet[], uuid), guichet.set_account_state(bytea, inet[], uuid, uuid, text, text),
    guichet.ask_affected(bytea, inet[], uuid, timestamptz, timestamptz, inet[], uuid[], uuid[], bytea, uuid)
    TO guichet_console;
GRANT EXECUTE ON FUNCTION guichet.why_refused(uuid, bigint) TO guichet_portal, guichet_console, guichet_officer, guichet_sequencer;
GRANT EXECUTE ON FUNCTION guichet.receive(bytea, bigint), guichet.flush(), guichet.leave_failure(bytea, inet[], uuid, bigint) TO guichet_console;
GRANT EXECUTE ON FUNCTION
    guichet.receive(bytea, bigint), guichet.flush(), guichet.leave_failure(bytea, inet[], uuid, bigint), guichet.leave_event(inet[], uuid, text)
    TO guichet_portal, guichet_intake, guichet_sequencer;
GRANT EXECUTE ON FUNCTION
    guichet.open_system(bytea, inet[], uuid, text, bytea, uuid, bytea, interval), guichet.end_session(bytea, inet[], uuid, text),
    guichet.ask_evidence(bytea, inet[], uuid, text), guichet.check_evidence(bytea, inet[], uuid, uuid, text, bytea, bytea, timestamptz), guichet.housekeep()
    TO guichet_sequencer;
GRANT EXECUTE ON FUNCTION guichet.watch_connections(), guichet.take_alert(text, interval), guichet.note_told(text, bigint), guichet.waiting_alerts(text, interval) TO guichet_portal, guichet_sequencer;
GRANT EXECUTE ON FUNCTION
    guichet.lead(), guichet.log_horizon(), guichet.leaves_between(bigint, bigint),
    guichet.keep_streams(text[]), guichet.log_stream(text), guichet.advance_stream(text, bigint, bigint), guichet.purged_in(bigint, bigint), guichet.ask_range(bytea, inet[], uuid, bigint, bigint),
    guichet.append_log(bigint, bigint, bigint, bigint, bigint[], bigint[], smallint[], bigint[], bytea[], bytea)
    TO guichet_sequencer;
GRANT EXECUTE ON FUNCTION guichet.log_state(), guichet.read_tiles(smallint[], bigint[]), guichet.place_of(bigint) TO guichet_portal, guichet_officer, guichet_sequencer;
GRANT EXECUTE ON FUNCTION guichet.entry_at(bigint), guichet.log_gaps(bigint), guichet.log_checkpoints(bigint), guichet.log_purges(bigint, bigint) TO guichet_officer, guichet_sequencer;
GRANT EXECUTE ON FUNCTION
    guichet.open_system(bytea, inet[], uuid, text, bytea, uuid, bytea, interval), guichet.end_session(bytea, inet[], uuid, text), guichet.receive(bytea, bigint), guichet.flush(),
    guichet.ask_range(bytea, inet[], uuid, bigint, bigint), guichet.ask_traces(bytea, inet[], uuid, timestamptz, timestamptz, bytea), guichet.places_in(timestamptz, timestamptz)
    TO guichet_officer;
GRANT EXECUTE ON FUNCTION guichet.purge_traces(bytea, inet[], uuid, bigint), guichet.change_setting(bytea, inet[], uuid, text, text), guichet.show_settings() TO guichet_officer;
