SELECT line FROM (
    SELECT format('function %s owner=%s definer=%s volatile=%s parallel=%s settings=%s rights=%s body=%s returns=%s', p.oid::regprocedure, p.proowner::regrole, p.prosecdef,
                  p.provolatile, p.proparallel, array_to_string(p.proconfig, ','), array_to_string(p.proacl, ','), md5(p.prosrc), pg_get_function_result(p.oid)) AS line
      FROM pg_proc p WHERE p.pronamespace = 'guichet'::regnamespace
    UNION ALL
    SELECT format('%s %s owner=%s rights=%s rls=%s', CASE c.relkind WHEN 'r' THEN 'table' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type' ELSE 'relation ' || c.relkind::text END,
                  c.relname, c.relowner::regrole, array_to_string(c.relacl, ','), c.relrowsecurity)
           || CASE c.relkind WHEN 'i' THEN ' ' || pg_get_indexdef(c.oid) ELSE '' END
      FROM pg_class c WHERE c.relnamespace = 'guichet'::regnamespace
    UNION ALL
    SELECT format('column %s.%s %s null=%s default=%s identity=%s rights=%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
                  pg_get_expr(d.adbin, d.adrelid), a.attidentity, array_to_string(a.attacl, ','))
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = 'guichet'::regnamespace AND c.relkind IN ('r', 'c', 'v', 'm', 'p', 'f')
    UNION ALL
    SELECT format('constraint %s on %s: %s', o.conname, o.conrelid::regclass, pg_get_constraintdef(o.oid)) FROM pg_constraint o WHERE o.connamespace = 'guichet'::regnamespace
    UNION ALL
    SELECT format('trigger %s on %s: %s', t.tgname, t.tgrelid::regclass, pg_get_triggerdef(t.oid)) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE c.relnamespace = 'guichet'::regnamespace AND NOT t.tgisinternal
    UNION ALL
    SELECT format('disabled trigger on %s', t.tgrelid::regclass) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE c.relnamespace = 'guichet'::regnamespace AND t.tgenabled <> 'O'
    UNION ALL
    SELECT format('rule %s on %s', r.rulename, r.ev_class::regclass) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = 'guichet'::regnamespace
    UNION ALL
    SELECT format('policy %s on %s', y.polname, y.polrelid::regclass) FROM pg_policy y JOIN pg_class c ON c.oid = y.polrelid WHERE c.relnamespace = 'guichet'::regnamespace
    UNION ALL
    SELECT format('type %s owner=%s rights=%s', t.typname, t.typowner::regrole, array_to_string(t.typacl, ',')) FROM pg_type t
     WHERE t.typnamespace = 'guichet'::regnamespace AND t.typcategory <> 'A' AND t.typname IN ('verdict', 'manifest', 'judgement')
    UNION ALL
    SELECT format('schema %s owner=%s rights=%s', n.nspname, n.nspowner::regrole, array_to_string(n.nspacl, ',')) FROM pg_namespace n WHERE n.nspname IN ('guichet', 'public')
    UNION ALL
    SELECT format('default rights of %s in %s for %s: %s', d.defaclrole::regrole, d.defaclnamespace, d.defaclobjtype, array_to_string(d.defaclacl, ',')) FROM pg_default_acl d
    UNION ALL
    SELECT format('role %s login=%s superuser=%s inherit=%s createrole=%s createdb=%s replication=%s bypassrls=%s connections=%s member of %s', r.rolname, r.rolcanlogin, r.rolsuper, r.rolinherit, r.rolcreaterole,
                  r.rolcreatedb, r.rolreplication, r.rolbypassrls, r.rolconnlimit, (SELECT string_agg(g.rolname, ',' ORDER BY g.rolname) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid))
      FROM pg_roles r WHERE r.rolname LIKE 'guichet\_%'
    UNION ALL
    SELECT format('system function %s rights=%s', p.oid::regprocedure, (SELECT string_agg(CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, ',' ORDER BY a.grantee::regrole::text)
                  FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee <> p.proowner)) FROM pg_proc p
     WHERE p.pronamespace = 'pg_catalog'::regnamespace AND (p.proname ~ '^pg_(try_)?advisory' OR p.proname ~ '^pg_stat_get_xact_'
           OR p.proname IN ('pg_export_snapshot', 'pg_notify', 'pg_logical_emit_message', 'lo_create', 'lo_creat', 'lo_from_bytea', 'pg_cancel_backend', 'pg_terminate_backend'))
    UNION ALL
    SELECT format('function of another schema runs as a role of ours: %s', p.oid::regprocedure) FROM pg_proc p
     WHERE p.pronamespace <> 'guichet'::regnamespace AND p.proowner::regrole::text LIKE 'guichet\_%'
) everything ORDER BY line COLLATE "C"
