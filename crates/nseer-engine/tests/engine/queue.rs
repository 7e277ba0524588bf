//! Hosts wait for whichever worker has nothing to do.

use std::time::Duration;

use crate::harness::Case;
use crate::registry::on_hosts;

/// The first host's script computes until those of all others have ended, so its worker has to have none of them.
#[test]
fn no_host_waits_behind_one_that_takes_long() {
    let folder = tempfile::tempdir().expect("directory");
    let source = "
        local stdnse = require 'stdnse'
        hostrule = function() return true end
        action = function(host)
          local place = stdnse.get_script_args('long.place')
          if host.ip ~= '127.0.0.1' then
            io.open(place .. '/' .. host.ip, 'w'):close()
            return 'short'
          end
          local ended
          repeat
            ended = 0
            for i = 2, 6 do
              local file = io.open(place .. '/127.0.0.' .. i)
              if file then file:close() ended = ended + 1 end
            end
          until ended >= 5
          return 'long'
        end";
    let mut case = on_hosts(Case::new("long", source));
    case.workers = Some(2);
    case.compute_limit = Duration::from_secs(60);
    case.args = format!("long.place='{}'", folder.path().display());
    let outcome = case.run();
    assert_eq!(outcome.at("127.0.0.1"), ["long: long"], "{:?}", outcome.messages);
    assert_eq!(outcome.results.len(), 6);
}
