-- telltale.webhook_secret() returns text
--
--      A new secret for signing: whsec_ and the base64 of 32 bytes, which are
--      the SHA-256 of four random UUIDs (488 random bits).
--
-- Called by:   web_webhook_set, webhook_claim

create or replace function telltale.webhook_secret()
returns text
language sql volatile
security definer set search_path = pg_catalog, pg_temp
return 'whsec_' || encode(sha256(
           uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) ||
           uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64');

comment on function telltale.webhook_secret() is
    'A new secret for signing.';

revoke all on function telltale.webhook_secret() from public;
