/**
 * Which room may import which, in one table. A room is a folder of lib/; its files may import each other, and `base` is
 * open to all. The rooms stand in floors: **a room may import only rooms that stand below it**, so that a circle of
 * folders can't even be written down. A new folder of lib/ needs a row.
 *
 * To let one room use another, add its name to the row. Where it stands above, the cut is wrong: move what both need down.
 */
const TABLE = `
app.ts               -> app workers cli config logging
index.ts             -> admin admin/health auth auth/limits auth/trust auth/users auth/digest silo silo/manage silo/receive silo/submit silo/state mwi mwi/state mwi/request mwi/summary registrar node stores stores/contract sip/drachtio sip/read

workers              -> app admin/health admin/http admin/metrics config embedded logging node sip/read
app                  -> admin admin/health config auth auth/limits auth/trust silo silo/state mwi mwi/request registrar node stores stores/contract sip/drachtio sip/read embedded options
cli                  -> cli/doctor cli/manage cli/phone cli/frame cli/terminal config import auth/users stores stores/source stores/operate
cli/doctor           -> cli/frame config admin/http auth stores stores/operate sip/drachtio options
cli/manage           -> cli/frame config mwi mwi/state silo silo/manage stores stores/contract stores/operate
cli/phone            -> cli/terminal cli/frame phone embedded/text mwi/summary
cli/frame            -> config
cli/terminal         ->
config               -> admin logging auth auth/limits auth/trust silo/state mwi/request registrar node stores sip embedded options
admin                -> admin/page admin/api admin/health admin/http admin/metrics auth auth/limits silo mwi stores/contract options
admin/page           -> admin/health admin/http silo silo/manage silo/state mwi mwi/state stores/contract
admin/api            -> admin/health admin/http auth/users silo silo/manage silo/state mwi mwi/state mwi/summary
admin/metrics        -> admin/health admin/http auth auth/limits silo mwi stores/contract
admin/health         -> admin/http silo/state
admin/http           ->

import               -> silo/receive stores/source stores/contract sip/read

silo                 -> silo/deliver silo/deliver/lane silo/deliver/sweep silo/manage silo/pace silo/receive silo/report silo/state silo/submit node stores/contract sip/drachtio sip/read options
silo/manage          -> silo/deliver silo/state node stores/contract sip/read
silo/submit          -> silo/deliver silo/receive silo/state auth node stores/contract sip/drachtio sip/read options
silo/report          -> silo/receive silo/state stores/contract sip/drachtio sip/read
silo/deliver/lane    -> silo/deliver silo/deliver/session silo/pace silo/state stores/contract sip/drachtio sip/read
silo/deliver/session -> silo/deliver silo/state stores/contract sip/read
silo/deliver/sweep   -> silo/state stores/contract stores/shared sip/read
silo/deliver         -> silo/receive silo/pace silo/state stores/contract sip/drachtio sip/read
silo/receive         -> silo/state auth stores/contract sip/drachtio sip/read
silo/state           -> node stores/contract sip sip/drachtio sip/read options
silo/pace            ->

mwi                  -> mwi/subscribe mwi/notify mwi/request mwi/state node stores/contract sip/drachtio options
mwi/subscribe        -> mwi/notify mwi/request mwi/state stores/contract sip/drachtio sip/read
mwi/notify           -> mwi/request mwi/state stores/contract stores/shared sip/drachtio sip/read
mwi/state            -> mwi/request mwi/summary auth options stores/contract stores/shared sip/drachtio sip/read
mwi/request          -> mwi/summary node auth sip sip/drachtio sip/read options
mwi/summary          -> sip/read

phone                -> auth/digest embedded/text

auth/limits          -> auth sip sip/drachtio sip/read options
auth/trust           -> auth sip sip/drachtio sip/read options
auth                 -> auth/users auth/digest stores/contract sip sip/drachtio sip/read options
auth/users           -> auth/digest stores/contract sip/read
auth/digest          -> stores/contract sip/drachtio sip/read

registrar            -> stores/contract sip sip/drachtio sip/read options
node                 -> stores/contract sip/drachtio options

stores/source        -> stores stores/mysql/link stores/shared
stores/operate       -> stores stores/mysql/link stores/sqlite stores/sqlite/inside stores/shared
stores               -> stores/mysql stores/mysql/link stores/sqlite stores/shared stores/contract options
stores/mysql         -> stores/mysql/operations stores/mysql/inside stores/mysql/link stores/shared stores/contract sip/read
stores/mysql/operations -> stores/mysql/inside stores/mysql/link stores/shared stores/contract
stores/mysql/inside  -> stores/mysql/link stores/shared stores/contract
stores/mysql/link    -> stores/shared stores/contract
stores/sqlite        -> stores/sqlite/operations stores/sqlite/inside stores/sqlite/thread stores/shared stores/contract sip/read
stores/sqlite/operations -> stores/sqlite/inside stores/shared stores/contract
stores/sqlite/inside -> stores/sqlite/thread stores/shared stores/contract
stores/sqlite/thread -> stores/shared stores/contract
stores/shared        -> stores/contract sip/read
stores/contract      -> sip/read

sip                  -> sip/read options
sip/drachtio         -> sip/drachtio/wire sip/read sip/admin
sip/drachtio/wire    ->
sip/admin            ->
sip/read             ->

embedded             -> embedded/network embedded/text options
embedded/network     -> embedded/text
embedded/text        ->

logging              -> options
options              ->
base                 ->
`;

/** Who may import these packages; each other one is open to all of lib/. */
const PACKAGES = `
drachtio-srf                    -> sip/drachtio
drachtio-mw-registration-parser -> sip/drachtio
mysql2                          -> stores/mysql/link stores/source
@photostructure/sqlite          -> stores/sqlite/inside stores/source stores/operate
zod                             -> admin/api options config auth/limits silo/state silo/submit mwi/state mwi/request registrar node stores sip embedded
debug                           -> base
@opentelemetry/api              -> base
commander                       -> cli/frame
hono                            -> admin admin/page admin/api admin/health admin/http admin/metrics
prom-client                     -> admin admin/metrics
@hono/node-server               -> admin admin/http
`;

/** `[['app.ts', ['lib/cli', …]], …]`, from the highest floor down. */
export const rooms = rowsOf(TABLE).map(([room, others]) => [placeOf(room), others.map(placeOf)]);

/** `[['mysql2', ['lib/stores/mysql/link', …]], …]` */
export const packages = rowsOf(PACKAGES).map(([name, others]) => [name, others.map(placeOf)]);

function rowsOf(table) {
  return table
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name, others] = line.split('->').map((part) => part.trim());
      return [name, others.split(/\s+/).filter(Boolean)];
    });
}

/** Two files are rooms of their own: the application, and the public face. */
function placeOf(room) {
  if (room === 'app.ts') return room;
  return `lib/${room}`;
}
