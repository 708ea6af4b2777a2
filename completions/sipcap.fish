# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sipcap_global_optspecs
    string join \n q/quiet verbose color= h/help V/version
end

function __fish_sipcap_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_sipcap_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_sipcap_using_subcommand
    set -l cmd (__fish_sipcap_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c sipcap -n "__fish_sipcap_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_needs_command" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_needs_command" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_needs_command" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "info" -d 'Tell what is in the captures, and how good they are'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "messages" -d 'List the messages, a row each'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "grep" -d 'Print the messages that match a regular expression'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "calls" -d 'List the calls'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "regs" -d 'List the registrations, a row for each binding'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "events" -d 'Tell what happens, as it happens'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "stats" -d 'Tell how calls, registrations and messages went, in numbers'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "split" -d 'Write each call to a capture file of its own, with its media'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "merge" -d 'Merge captures into one pcapng file, in the order of time'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "ladder" -d 'Draw a call as a ladder of its messages'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "live" -d 'Tell what happens on the wire, as it happens'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "hep" -d 'Send messages to a collector'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "parse" -d 'Show what the parser sees in pasted text'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "completions" -d 'Print the completions for a shell'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "man" -d 'Write the manual pages'
complete -c sipcap -n "__fish_sipcap_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l since -d 'Leave out frames before this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l until -d 'Leave out frames after this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l bpf -d 'Read only frames that this BPF expression takes, as in tcpdump; needs libpcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l vxlan-port -d 'UDP ports on which VXLAN is looked for' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l agent -d 'Take only what this capture agent sent by HEP: its name, its number or its address (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l ipfix-ignore -d 'Leave out what session border controllers tell by IPFIX of messages that they received (ingress), or sent (egress)' -r -f -a "ingress\t'Messages that they received'
egress\t'Messages that they sent'"
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -s j -l threads -d 'How many threads to use; 0 is one for each processor' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l block-bytes -d 'Octets that are read at once' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l point -d 'Read these files, too, and name the place where they were captured: edge=edge1.pcap,edge2.pcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l format -d 'How the output is written' -r -f -a "text\t'For people'
json\t'JSON Lines: an object with a type in each line'"
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -s o -l output -d 'Write to this file instead of the standard output' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l bpf-auto -d 'Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them'
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l keep-duplicates -d 'Take copies of a packet, as from a mirror port, for packets of their own'
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l strict -d 'End with status 2 when an input or a message is damaged'
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l interface-points -d 'Take the interfaces of pcapng files for capture points, by their names'
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l align-clocks -d 'Put the clocks of capture points and capture agents right by messages that several of them have seen'
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l force -d 'Overwrite what exists'
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand info" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l since -d 'Leave out frames before this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l until -d 'Leave out frames after this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l bpf -d 'Read only frames that this BPF expression takes, as in tcpdump; needs libpcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l vxlan-port -d 'UDP ports on which VXLAN is looked for' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l agent -d 'Take only what this capture agent sent by HEP: its name, its number or its address (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l ipfix-ignore -d 'Leave out what session border controllers tell by IPFIX of messages that they received (ingress), or sent (egress)' -r -f -a "ingress\t'Messages that they received'
egress\t'Messages that they sent'"
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -s j -l threads -d 'How many threads to use; 0 is one for each processor' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l block-bytes -d 'Octets that are read at once' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l point -d 'Read these files, too, and name the place where they were captured: edge=edge1.pcap,edge2.pcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l call-id -d 'With this Call-ID' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l from -d 'With this text in From, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l to -d 'With this text in To, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l number -d 'With a number that ends like this on either side' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l method -d 'With this method, in the request line or, for responses, in CSeq' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l status -d 'Responses with this status: 486, 5xx or 400-499' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l ip -d 'From or to this address or network' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l port -d 'From or to this port or range of ports' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l user-agent -d 'With this text in User-Agent or Server, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -s e -l regexp -d 'With octets that match this regular expression' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l format -d 'How rows are written' -r -f -a "text\t'For people'
csv\t'Comma-separated values with a header line'
json\t'JSON Lines: an object with a type in each line'"
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -s o -l output -d 'Write to this file instead of the standard output' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l bpf-auto -d 'Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them'
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l keep-duplicates -d 'Take copies of a packet, as from a mirror port, for packets of their own'
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l strict -d 'End with status 2 when an input or a message is damaged'
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l interface-points -d 'Take the interfaces of pcapng files for capture points, by their names'
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l align-clocks -d 'Put the clocks of capture points and capture agents right by messages that several of them have seen'
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l force -d 'Overwrite what exists'
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l csv-safe -d 'Put an apostrophe before CSV cells that a spreadsheet would run as formulas'
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand messages" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l since -d 'Leave out frames before this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l until -d 'Leave out frames after this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l bpf -d 'Read only frames that this BPF expression takes, as in tcpdump; needs libpcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l vxlan-port -d 'UDP ports on which VXLAN is looked for' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l agent -d 'Take only what this capture agent sent by HEP: its name, its number or its address (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l ipfix-ignore -d 'Leave out what session border controllers tell by IPFIX of messages that they received (ingress), or sent (egress)' -r -f -a "ingress\t'Messages that they received'
egress\t'Messages that they sent'"
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -s j -l threads -d 'How many threads to use; 0 is one for each processor' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l block-bytes -d 'Octets that are read at once' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l point -d 'Read these files, too, and name the place where they were captured: edge=edge1.pcap,edge2.pcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -s w -l write -d 'Write the packets of the selected messages to this capture file instead of printing them' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l call-id -d 'With this Call-ID' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l from -d 'With this text in From, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l to -d 'With this text in To, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l number -d 'With a number that ends like this on either side' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l method -d 'With this method, in the request line or, for responses, in CSeq' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l status -d 'Responses with this status: 486, 5xx or 400-499' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l ip -d 'From or to this address or network' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l port -d 'From or to this port or range of ports' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l user-agent -d 'With this text in User-Agent or Server, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -s e -l regexp -d 'With octets that match this regular expression' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l format -d 'How rows are written' -r -f -a "text\t'For people'
csv\t'Comma-separated values with a header line'
json\t'JSON Lines: an object with a type in each line'"
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -s o -l output -d 'Write to this file instead of the standard output' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l bpf-auto -d 'Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l keep-duplicates -d 'Take copies of a packet, as from a mirror port, for packets of their own'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l strict -d 'End with status 2 when an input or a message is damaged'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l interface-points -d 'Take the interfaces of pcapng files for capture points, by their names'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l align-clocks -d 'Put the clocks of capture points and capture agents right by messages that several of them have seen'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -s i -l ignore-case -d 'Match in either case'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -s v -l invert-match -d 'Select the messages that do not match'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l dialog -d 'Select all messages with the Call-IDs of those that match'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -s c -l count -d 'Print how many messages are selected, and nothing else'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l force -d 'Overwrite what exists'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l csv-safe -d 'Put an apostrophe before CSV cells that a spreadsheet would run as formulas'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand grep" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l since -d 'Leave out frames before this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l until -d 'Leave out frames after this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l bpf -d 'Read only frames that this BPF expression takes, as in tcpdump; needs libpcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l vxlan-port -d 'UDP ports on which VXLAN is looked for' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l agent -d 'Take only what this capture agent sent by HEP: its name, its number or its address (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l ipfix-ignore -d 'Leave out what session border controllers tell by IPFIX of messages that they received (ingress), or sent (egress)' -r -f -a "ingress\t'Messages that they received'
egress\t'Messages that they sent'"
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -s j -l threads -d 'How many threads to use; 0 is one for each processor' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l block-bytes -d 'Octets that are read at once' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l point -d 'Read these files, too, and name the place where they were captured: edge=edge1.pcap,edge2.pcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l call-id -d 'With this Call-ID' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l from -d 'With this text in From, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l to -d 'With this text in To, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l number -d 'With a number that ends like this on either side' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l method -d 'With this method, in the request line or, for responses, in CSeq' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l status -d 'Responses with this status: 486, 5xx or 400-499' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l ip -d 'From or to this address or network' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l port -d 'From or to this port or range of ports' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l user-agent -d 'With this text in User-Agent or Server, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -s e -l regexp -d 'With octets that match this regular expression' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l outcome -d 'Calls with this outcome, or one of several: busy,failed' -r -f -a "answered\t''
cancelled\t''
busy\t''
rejected\t''
failed\t''
redirected\t''
auth-failed\t''
timeout\t''
unanswered\t''
in-progress\t''
mid-call\t''"
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l duration -d 'Calls that were up for this long, from the answer to the end of the call or of the capture: \'>30s\', 30s-60s' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l where -d 'Rows for which this condition holds, for example \'status >= 500 || "evicted" in flags\'' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l correlate -d 'What joins legs: nothing, only what is explicit, such as a header with the other Call-ID, or what they have in common too' -r -f -a "none\t'Each leg is a call'
explicit\t'What needs no other evidence'
heuristic\t'All evidence'"
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l correlate-header -d 'A further header that names the Call-ID of another leg (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l timeout -d 'How long a state lasts when nothing comes: inv_established=7200s,inv_neg=10s' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l timeouts -d 'Whose time-outs apply where --timeout sets none' -r -f -a "sipcap\t'Ours'
calltr\t'Those of calltr, the tracker of sipcallmon'"
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l end-timeout -d 'Let time-outs fire that come within this time after the end of the capture' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l reg-expiry-grace -d 'How late a binding may be refreshed before it has expired' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l reg-del-delay -d 'Hold the removal of a binding back for this time, in case it is registered again' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l max-calls -d 'Forget the call that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l max-bindings -d 'Forget the binding that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l max-memory -d 'Forget what is idle for the longest time when all of it takes more memory: 500M, 4G' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -s w -l write -d 'Save the packets of the selected calls to this pcapng file instead of printing rows' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l note -d 'Note this in the file (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l alias -d 'Note what addresses are called (can be repeated): 192.0.2.1=SBC' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l names -d 'Note what this file calls addresses: an address and a name in each line' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l format -d 'How rows are written' -r -f -a "text\t'For people'
csv\t'Comma-separated values with a header line'
json\t'JSON Lines: an object with a type in each line'"
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -s o -l output -d 'Write to this file instead of the standard output' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l bpf-auto -d 'Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l keep-duplicates -d 'Take copies of a packet, as from a mirror port, for packets of their own'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l strict -d 'End with status 2 when an input or a message is damaged'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l interface-points -d 'Take the interfaces of pcapng files for capture points, by their names'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l align-clocks -d 'Put the clocks of capture points and capture agents right by messages that several of them have seen'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l legs -d 'Put the legs of a call together that a B2BUA made of it'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l contact-ignore-port -d 'Take Contacts for the same that differ in their port only'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l with-logs -d 'Tell what proxies told of each call besides SIP: log lines, queries, commands, connections (HEP of OpenSIPS and others)'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l with-media -d 'Save the media of the calls, too'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l force -d 'Overwrite what exists'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l csv-safe -d 'Put an apostrophe before CSV cells that a spreadsheet would run as formulas'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand calls" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l since -d 'Leave out frames before this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l until -d 'Leave out frames after this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l bpf -d 'Read only frames that this BPF expression takes, as in tcpdump; needs libpcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l vxlan-port -d 'UDP ports on which VXLAN is looked for' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l agent -d 'Take only what this capture agent sent by HEP: its name, its number or its address (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l ipfix-ignore -d 'Leave out what session border controllers tell by IPFIX of messages that they received (ingress), or sent (egress)' -r -f -a "ingress\t'Messages that they received'
egress\t'Messages that they sent'"
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -s j -l threads -d 'How many threads to use; 0 is one for each processor' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l block-bytes -d 'Octets that are read at once' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l point -d 'Read these files, too, and name the place where they were captured: edge=edge1.pcap,edge2.pcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l call-id -d 'With this Call-ID' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l from -d 'With this text in From, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l to -d 'With this text in To, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l number -d 'With a number that ends like this on either side' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l method -d 'With this method, in the request line or, for responses, in CSeq' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l status -d 'Responses with this status: 486, 5xx or 400-499' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l ip -d 'From or to this address or network' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l port -d 'From or to this port or range of ports' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l user-agent -d 'With this text in User-Agent or Server, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -s e -l regexp -d 'With octets that match this regular expression' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l at -d 'Bindings that the registrar had at this time, with the state that they had then' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l state -d 'Bindings in this state, or in one of several' -r -f -a "active\t''
expired\t''
removed\t''
superseded\t''
failed\t''
learned\t''"
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l where -d 'Rows for which this condition holds, for example \'status >= 500 || "evicted" in flags\'' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l timeout -d 'How long a state lasts when nothing comes: inv_established=7200s,inv_neg=10s' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l timeouts -d 'Whose time-outs apply where --timeout sets none' -r -f -a "sipcap\t'Ours'
calltr\t'Those of calltr, the tracker of sipcallmon'"
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l end-timeout -d 'Let time-outs fire that come within this time after the end of the capture' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l reg-expiry-grace -d 'How late a binding may be refreshed before it has expired' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l reg-del-delay -d 'Hold the removal of a binding back for this time, in case it is registered again' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l max-calls -d 'Forget the call that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l max-bindings -d 'Forget the binding that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l max-memory -d 'Forget what is idle for the longest time when all of it takes more memory: 500M, 4G' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l format -d 'How rows are written' -r -f -a "text\t'For people'
csv\t'Comma-separated values with a header line'
json\t'JSON Lines: an object with a type in each line'"
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -s o -l output -d 'Write to this file instead of the standard output' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l bpf-auto -d 'Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them'
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l keep-duplicates -d 'Take copies of a packet, as from a mirror port, for packets of their own'
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l strict -d 'End with status 2 when an input or a message is damaged'
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l interface-points -d 'Take the interfaces of pcapng files for capture points, by their names'
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l align-clocks -d 'Put the clocks of capture points and capture agents right by messages that several of them have seen'
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l history -d 'All bindings there were, also those that are over and those that were never accepted'
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l contact-ignore-port -d 'Take Contacts for the same that differ in their port only'
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l force -d 'Overwrite what exists'
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l csv-safe -d 'Put an apostrophe before CSV cells that a spreadsheet would run as formulas'
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand regs" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l since -d 'Leave out frames before this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l until -d 'Leave out frames after this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l bpf -d 'Read only frames that this BPF expression takes, as in tcpdump; needs libpcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l vxlan-port -d 'UDP ports on which VXLAN is looked for' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l agent -d 'Take only what this capture agent sent by HEP: its name, its number or its address (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l ipfix-ignore -d 'Leave out what session border controllers tell by IPFIX of messages that they received (ingress), or sent (egress)' -r -f -a "ingress\t'Messages that they received'
egress\t'Messages that they sent'"
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -s j -l threads -d 'How many threads to use; 0 is one for each processor' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l block-bytes -d 'Octets that are read at once' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l point -d 'Read these files, too, and name the place where they were captured: edge=edge1.pcap,edge2.pcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l events -d 'Of these kinds' -r -f -a "call-start\t''
call-attempt\t''
call-end\t''
auth-failed\t''
call-ringing\t''
call-redirected\t''
call-reinvite\t''
call-transfer\t''
reg-new\t''
reg-refresh\t''
reg-moved\t''
reg-del\t''
reg-expired\t''
reg-failed\t''
sub-new\t''
sub-del\t''
sub-expired\t''
other-ok\t''
other-failed\t''
other-timeout\t''
parse-error\t''
msg-probe\t''
gap\t''
tcp-resync\t''
fragment-lost\t''
log\t''
rest\t''
mi\t''
net\t''
correlate\t''
quality\t''"
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l not-events -d 'Of other kinds than these' -r -f -a "call-start\t''
call-attempt\t''
call-end\t''
auth-failed\t''
call-ringing\t''
call-redirected\t''
call-reinvite\t''
call-transfer\t''
reg-new\t''
reg-refresh\t''
reg-moved\t''
reg-del\t''
reg-expired\t''
reg-failed\t''
sub-new\t''
sub-del\t''
sub-expired\t''
other-ok\t''
other-failed\t''
other-timeout\t''
parse-error\t''
msg-probe\t''
gap\t''
tcp-resync\t''
fragment-lost\t''
log\t''
rest\t''
mi\t''
net\t''
correlate\t''
quality\t''"
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l call-id -d 'With this Call-ID' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l from -d 'With this text in the caller\'s URI or name, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l to -d 'With this text in the callee\'s URI or name, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l number -d 'With a number that ends like this on either side' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l method -d 'That began with a request of this method' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l status -d 'With this status: 486, 5xx or 400-499' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l ip -d 'With this address or network on either side' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l port -d 'With this port or range of ports on either side' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l user-agent -d 'With this text in the User-Agent or Server of either side, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l where -d 'Rows for which this condition holds, for example \'status >= 500 || "evicted" in flags\'' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l rate-limit -d 'Tell no more than this of one kind from one address, for example 20/1s,240/1m,3600/1h' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l speed -d 'Replay this many times as fast' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l max-delay -d 'Wait no longer than this between two events' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l timeout -d 'How long a state lasts when nothing comes: inv_established=7200s,inv_neg=10s' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l timeouts -d 'Whose time-outs apply where --timeout sets none' -r -f -a "sipcap\t'Ours'
calltr\t'Those of calltr, the tracker of sipcallmon'"
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l end-timeout -d 'Let time-outs fire that come within this time after the end of the capture' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l reg-expiry-grace -d 'How late a binding may be refreshed before it has expired' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l reg-del-delay -d 'Hold the removal of a binding back for this time, in case it is registered again' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l max-calls -d 'Forget the call that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l max-bindings -d 'Forget the binding that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l max-memory -d 'Forget what is idle for the longest time when all of it takes more memory: 500M, 4G' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -s o -l output -d 'Write to this file instead of the standard output' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l format -d 'How rows are written' -r -f -a "text\t'For people'
csv\t'Comma-separated values with a header line'
json\t'JSON Lines: an object with a type in each line'"
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l bpf-auto -d 'Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them'
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l keep-duplicates -d 'Take copies of a packet, as from a mirror port, for packets of their own'
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l strict -d 'End with status 2 when an input or a message is damaged'
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l interface-points -d 'Take the interfaces of pcapng files for capture points, by their names'
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l align-clocks -d 'Put the clocks of capture points and capture agents right by messages that several of them have seen'
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l replay -d 'Tell events at the pace at which they happened'
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l contact-ignore-port -d 'Take Contacts for the same that differ in their port only'
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l force -d 'Overwrite what exists'
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l csv-safe -d 'Put an apostrophe before CSV cells that a spreadsheet would run as formulas'
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand events" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l since -d 'Leave out frames before this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l until -d 'Leave out frames after this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l bpf -d 'Read only frames that this BPF expression takes, as in tcpdump; needs libpcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l vxlan-port -d 'UDP ports on which VXLAN is looked for' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l agent -d 'Take only what this capture agent sent by HEP: its name, its number or its address (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l ipfix-ignore -d 'Leave out what session border controllers tell by IPFIX of messages that they received (ingress), or sent (egress)' -r -f -a "ingress\t'Messages that they received'
egress\t'Messages that they sent'"
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -s j -l threads -d 'How many threads to use; 0 is one for each processor' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l block-bytes -d 'Octets that are read at once' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l point -d 'Read these files, too, and name the place where they were captured: edge=edge1.pcap,edge2.pcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l by -d 'Tell the figures apart by src, dst, peer, user-agent, from-domain, to-domain, prefix:N, transport, method, capture or hop (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l bucket -d 'Tell the figures apart by time: 10s, 1m, 1h; times begin at whole ones of the clock' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l top -d 'Show so many groups, and so many members of a list, those with the most' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l short -d 'Answered calls that lasted less than this are short' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l call-id -d 'With this Call-ID' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l from -d 'With this text in From, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l to -d 'With this text in To, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l number -d 'With a number that ends like this on either side' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l method -d 'With this method, in the request line or, for responses, in CSeq' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l status -d 'Responses with this status: 486, 5xx or 400-499' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l ip -d 'From or to this address or network' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l port -d 'From or to this port or range of ports' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l user-agent -d 'With this text in User-Agent or Server, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -s e -l regexp -d 'With octets that match this regular expression' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l outcome -d 'Calls with this outcome, or one of several: busy,failed' -r -f -a "answered\t''
cancelled\t''
busy\t''
rejected\t''
failed\t''
redirected\t''
auth-failed\t''
timeout\t''
unanswered\t''
in-progress\t''
mid-call\t''"
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l duration -d 'Calls that were up for this long, from the answer to the end of the call or of the capture: \'>30s\', 30s-60s' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l where -d 'Rows for which this condition holds, for example \'status >= 500 || "evicted" in flags\'' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l timeout -d 'How long a state lasts when nothing comes: inv_established=7200s,inv_neg=10s' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l timeouts -d 'Whose time-outs apply where --timeout sets none' -r -f -a "sipcap\t'Ours'
calltr\t'Those of calltr, the tracker of sipcallmon'"
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l end-timeout -d 'Let time-outs fire that come within this time after the end of the capture' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l reg-expiry-grace -d 'How late a binding may be refreshed before it has expired' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l reg-del-delay -d 'Hold the removal of a binding back for this time, in case it is registered again' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l max-calls -d 'Forget the call that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l max-bindings -d 'Forget the binding that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l max-memory -d 'Forget what is idle for the longest time when all of it takes more memory: 500M, 4G' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l check -d 'End with status 1 unless this holds, for example \'ser >= 95 && pdd.p95_ms < 3000\' (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l baseline -d 'End with status 1 when figures are worse than in this file, which an earlier --format json wrote' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l tolerance -d 'How much worse than in the baseline they may be, as a part of what they were' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l junit -d 'Write what became of the checks to this file, in the format of JUnit' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l annotate -d 'Let the place where a pipeline runs show what failed' -r -f -a "github\t'GitHub Actions: workflow commands on standard error'"
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l format -d 'How the figures are written' -r -f -a "text\t'For people'
csv\t'Comma-separated values with a header line: a row for each figure'
json\t'One JSON document'
jsonl\t'JSON Lines: an object for each figure'
markdown\t'Tables for tickets'
prometheus\t'The text format of Prometheus'"
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -s o -l output -d 'Write to this file instead of the standard output' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l plot -d 'Draw charts into this SVG file: calls over time, delays, statuses and failures' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l plot-dir -d 'Draw each chart into an SVG file of its own in this directory' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l bpf-auto -d 'Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l keep-duplicates -d 'Take copies of a packet, as from a mirror port, for packets of their own'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l strict -d 'End with status 2 when an input or a message is damaged'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l interface-points -d 'Take the interfaces of pcapng files for capture points, by their names'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l align-clocks -d 'Put the clocks of capture points and capture agents right by messages that several of them have seen'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l rfc-literal -d 'Count each INVITE in the ratios of RFC 6076, and not each call'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l partial -d 'Write what was counted for --merge, instead of a report'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l merge -d 'Put together what --partial wrote; the files are such parts'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l list-metrics -d 'List the metrics, with what they are, and end'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l contact-ignore-port -d 'Take Contacts for the same that differ in their port only'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l allow-missing -d 'Take conditions and figures that cannot be told for good'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l force -d 'Overwrite what exists'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l csv-safe -d 'Put an apostrophe before CSV cells that a spreadsheet would run as formulas'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand stats" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l since -d 'Leave out frames before this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l until -d 'Leave out frames after this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l bpf -d 'Read only frames that this BPF expression takes, as in tcpdump; needs libpcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l vxlan-port -d 'UDP ports on which VXLAN is looked for' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l agent -d 'Take only what this capture agent sent by HEP: its name, its number or its address (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l ipfix-ignore -d 'Leave out what session border controllers tell by IPFIX of messages that they received (ingress), or sent (egress)' -r -f -a "ingress\t'Messages that they received'
egress\t'Messages that they sent'"
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -s j -l threads -d 'How many threads to use; 0 is one for each processor' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l block-bytes -d 'Octets that are read at once' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l point -d 'Read these files, too, and name the place where they were captured: edge=edge1.pcap,edge2.pcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l call-id -d 'With this Call-ID' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l from -d 'With this text in From, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l to -d 'With this text in To, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l number -d 'With a number that ends like this on either side' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l method -d 'With this method, in the request line or, for responses, in CSeq' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l status -d 'Responses with this status: 486, 5xx or 400-499' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l ip -d 'From or to this address or network' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l port -d 'From or to this port or range of ports' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l user-agent -d 'With this text in User-Agent or Server, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -s e -l regexp -d 'With octets that match this regular expression' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l outcome -d 'Calls with this outcome, or one of several: busy,failed' -r -f -a "answered\t''
cancelled\t''
busy\t''
rejected\t''
failed\t''
redirected\t''
auth-failed\t''
timeout\t''
unanswered\t''
in-progress\t''
mid-call\t''"
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l duration -d 'Calls that were up for this long, from the answer to the end of the call or of the capture: \'>30s\', 30s-60s' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l where -d 'Rows for which this condition holds, for example \'status >= 500 || "evicted" in flags\'' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l by -d 'What goes to one file' -r -f -a "call-id\t'All messages with the same Call-ID'
call\t'All calls that a B2BUA made of one, with all their Call-IDs'
dialog\t'Each call alone, also where a Call-ID is used again or by several callers'"
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l media -d 'Which media go to the files' -r -f -a "none\t'None'
rtcp\t'RTCP only'
rtp\t'RTP, RTCP, and what else comes at the addresses that the calls announce'"
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l errors -d 'Collect the frames of messages that nothing can be made of in this file, too' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l rest -d 'Collect all frames that are in none of the other files in this file' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l name -d 'Make names of these fields: \'{start}_{caller}_{callee}_{call_id}\'' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l prefix -d 'What names begin with [default: callid_, or nothing with --name]' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l suffix -d 'What names have in front of the dot' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l ext -d 'What names end with [default: pcap or pcapng, and gz or zst]' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l subdirs -d 'Over how many directories files are spread [default: 256 for more than 10 000 files, or 0 for none]' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l timeout -d 'How long a state lasts when nothing comes: inv_established=7200s,inv_neg=10s' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l timeouts -d 'Whose time-outs apply where --timeout sets none' -r -f -a "sipcap\t'Ours'
calltr\t'Those of calltr, the tracker of sipcallmon'"
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l end-timeout -d 'Let time-outs fire that come within this time after the end of the capture' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l reg-expiry-grace -d 'How late a binding may be refreshed before it has expired' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l reg-del-delay -d 'Hold the removal of a binding back for this time, in case it is registered again' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l max-calls -d 'Forget the call that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l max-bindings -d 'Forget the binding that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l max-memory -d 'Forget what is idle for the longest time when all of it takes more memory: 500M, 4G' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -s o -l output -d 'Directory to write the files to; it is made if need be' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l format -d 'Container of the files; several link types need pcapng, which keeps the names of interfaces and has a comment' -r -f -a "pcap\t'pcap'
pcapng\t'pcapng'"
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l compress -d 'Compress the files' -r -f -a "gz\t'gzip'
zst\t'Zstandard'"
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l manifest -d 'Write a table of the files to this file, as its ending says: .csv, or .jsonl for JSON Lines' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l bpf-auto -d 'Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l keep-duplicates -d 'Take copies of a packet, as from a mirror port, for packets of their own'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l strict -d 'End with status 2 when an input or a message is damaged'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l interface-points -d 'Take the interfaces of pcapng files for capture points, by their names'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l align-clocks -d 'Put the clocks of capture points and capture agents right by messages that several of them have seen'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l strip-tunnels -d 'Write the innermost IP packets instead of the frames that they were captured in'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l contact-ignore-port -d 'Take Contacts for the same that differ in their port only'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l print0 -d 'End each printed path with NUL instead of a line feed, for xargs -0'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l force -d 'Write to a directory that has something in it, and overwrite files'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l append -d 'Write to a directory that has something in it; a file that exists stays, and the new one gets another name; a manifest that exists gets more rows'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l csv-safe -d 'Put an apostrophe before CSV cells that a spreadsheet would run as formulas'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand split" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l since -d 'Leave out frames before this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l until -d 'Leave out frames after this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l bpf -d 'Read only frames that this BPF expression takes, as in tcpdump; needs libpcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l vxlan-port -d 'UDP ports on which VXLAN is looked for' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l agent -d 'Take only what this capture agent sent by HEP: its name, its number or its address (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l ipfix-ignore -d 'Leave out what session border controllers tell by IPFIX of messages that they received (ingress), or sent (egress)' -r -f -a "ingress\t'Messages that they received'
egress\t'Messages that they sent'"
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -s j -l threads -d 'How many threads to use; 0 is one for each processor' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l block-bytes -d 'Octets that are read at once' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l point -d 'Read these files, too, and name the place where they were captured: edge=edge1.pcap,edge2.pcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l dedup -d 'Leave out copies of a packet that was captured moments ago, as taps and mirror ports make them' -r -f -a "all\t'At all points together'
point\t'At each point'"
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l reorder -d 'How far frames of a file may be from their place in time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -s o -l output -d 'Write to this file; - is the standard output' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l bpf-auto -d 'Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them'
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l keep-duplicates -d 'Take copies of a packet, as from a mirror port, for packets of their own'
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l strict -d 'End with status 2 when an input or a message is damaged'
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l interface-points -d 'Take the interfaces of pcapng files for capture points, by their names'
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l align-clocks -d 'Put the clocks of capture points and capture agents right by messages that several of them have seen'
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l force -d 'Overwrite what exists'
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand merge" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l since -d 'Leave out frames before this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l until -d 'Leave out frames after this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l bpf -d 'Read only frames that this BPF expression takes, as in tcpdump; needs libpcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l vxlan-port -d 'UDP ports on which VXLAN is looked for' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l agent -d 'Take only what this capture agent sent by HEP: its name, its number or its address (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l ipfix-ignore -d 'Leave out what session border controllers tell by IPFIX of messages that they received (ingress), or sent (egress)' -r -f -a "ingress\t'Messages that they received'
egress\t'Messages that they sent'"
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -s j -l threads -d 'How many threads to use; 0 is one for each processor' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l block-bytes -d 'Octets that are read at once' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l point -d 'Read these files, too, and name the place where they were captured: edge=edge1.pcap,edge2.pcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l call-id -d 'With this Call-ID' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l from -d 'With this text in From, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l to -d 'With this text in To, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l number -d 'With a number that ends like this on either side' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l method -d 'With this method, in the request line or, for responses, in CSeq' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l status -d 'Responses with this status: 486, 5xx or 400-499' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l ip -d 'From or to this address or network' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l port -d 'From or to this port or range of ports' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l user-agent -d 'With this text in User-Agent or Server, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -s e -l regexp -d 'With octets that match this regular expression' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l outcome -d 'Calls with this outcome, or one of several: busy,failed' -r -f -a "answered\t''
cancelled\t''
busy\t''
rejected\t''
failed\t''
redirected\t''
auth-failed\t''
timeout\t''
unanswered\t''
in-progress\t''
mid-call\t''"
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l duration -d 'Calls that were up for this long, from the answer to the end of the call or of the capture: \'>30s\', 30s-60s' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l where -d 'Rows for which this condition holds, for example \'status >= 500 || "evicted" in flags\'' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l aor -d 'Draw the registrations of this address of record, or of this user: alice@example.com, alice' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l transaction -d 'Draw what has this branch in a Via: one transaction, at all the hops behind its first one' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l limit -d 'With --all, draw so many calls at most, those that begin first' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l correlate -d 'What joins legs: nothing, only what is explicit, such as a header with the other Call-ID, or what they have in common too' -r -f -a "none\t'Each leg is a call'
explicit\t'What needs no other evidence'
heuristic\t'All evidence'"
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l correlate-header -d 'A further header that names the Call-ID of another leg (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l alias -d 'Call this address so (can be repeated): 192.0.2.1=SBC, 192.0.2.1:5080=Edge' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l names -d 'Call addresses as this file says: an address and a name in each line' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l media -d 'Which media are drawn, as bars between who sends and who receives them' -r -f -a "none\t'None, which is faster'
rtp\t'RTP and fax (T.38) at the addresses that the calls announce, with what RTCP reports of them'"
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l anonymize-key -d 'Write which pseudonym stands for what to this file, as CSV' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l time -d 'Which time stands beside each message' -r -f -a "start\t'Seconds since the first message'
delta\t'Seconds since the message before'
absolute\t'The time of day in UTC'"
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l theme -d 'The colours of pictures' -r -f -a "auto\t'Light or dark, as whoever looks at it has set it'
light\t'Dark on light'
dark\t'Light on dark'"
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l max-height -d 'Let a picture be no higher than this, in pixels, and go on in the next one' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l timeout -d 'How long a state lasts when nothing comes: inv_established=7200s,inv_neg=10s' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l timeouts -d 'Whose time-outs apply where --timeout sets none' -r -f -a "sipcap\t'Ours'
calltr\t'Those of calltr, the tracker of sipcallmon'"
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l end-timeout -d 'Let time-outs fire that come within this time after the end of the capture' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l reg-expiry-grace -d 'How late a binding may be refreshed before it has expired' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l reg-del-delay -d 'Hold the removal of a binding back for this time, in case it is registered again' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l max-calls -d 'Forget the call that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l max-bindings -d 'Forget the binding that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l max-memory -d 'Forget what is idle for the longest time when all of it takes more memory: 500M, 4G' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l format -d 'How a ladder is drawn [default: as the ending of --output says; text on a terminal, else svg]' -r -f -a "svg\t'A picture that stands alone'
html\t'A page with the picture and the messages, to click through and search in'
text\t'Lines of text'
mermaid\t'A sequence diagram of Mermaid, which GitHub and GitLab draw in Markdown'
plantuml\t'A sequence diagram of PlantUML'"
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -s o -l output -d 'Write to this file instead of the standard output; with --all, to this directory' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l bpf-auto -d 'Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l keep-duplicates -d 'Take copies of a packet, as from a mirror port, for packets of their own'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l strict -d 'End with status 2 when an input or a message is damaged'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l interface-points -d 'Take the interfaces of pcapng files for capture points, by their names'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l align-clocks -d 'Put the clocks of capture points and capture agents right by messages that several of them have seen'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l all -d 'Draw every selected call, each to a file of its own in the directory --output'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l legs -d 'Put the legs of a call together that a B2BUA made of it'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l strict-addresses -d 'Take every address and port for an endpoint of its own'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l collapse -d 'Count messages that come again at the first of them instead of drawing them'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l fold -d 'Fold requests within a call that repeat themselves, such as re-INVITE, OPTIONS and INFO'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l anonymize -d 'Replace names, numbers, hosts and addresses by pseudonyms, so that the ladder can be shown to others'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l ascii -d 'Draw text with ASCII characters only'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l contact-ignore-port -d 'Take Contacts for the same that differ in their port only'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l force -d 'Overwrite what exists'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l csv-safe -d 'With --all, put an apostrophe before cells of index.csv that a spreadsheet would run as formulas'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand ladder" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -s i -l interface -d 'Capture on this interface, on any, or read a capture from the standard input with - (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l hep -d 'Take what capture agents send by HEP to this address and port, over UDP and TCP (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l ipfix -d 'Take what session border controllers of Oracle send by IPFIX (comm-monitor) to this address, over TCP (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l hep-key -d 'Take HEP only from agents that show this key (version 3); without it, that of SIPCAP_HEP_KEY, if there is one' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l allow -d 'Take HEP and IPFIX only from this address or network (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l bpf -d 'Capture only frames that this BPF expression takes, as in tcpdump' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l vxlan-port -d 'UDP ports on which VXLAN is looked for' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l snaplen -d 'Keep no more than this many octets of a frame' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l buffer -d 'How much the system may collect before frames are lost, or datagrams with HEP' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l for -d 'Stop after this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l count -d 'Stop after this many frames' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l user -d 'Go on as this user when the interfaces are open' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -s w -l write -d 'Record all that is captured in this file; it has its name when it is whole' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -s C -l rotate-size -d 'Begin the next file when one is longer than this: millions of octets, or a size such as 500k, 100M or 1G' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -s G -l rotate-every -d 'Begin the next file after this time: seconds, or a time such as 10m; names have parts of the time in them' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -s W -l rotate-count -d 'Keep so many files with -C, the next one takes the place of the first; end after so many with -G' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l compress -d 'Compress files while they are written; names end with .gz or .zst then' -r -f -a "gz\t'gzip'
zst\t'Zstandard'"
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l split -d 'Write each call to a file of its own in this directory when it is over, with its media; it is made if need be' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l split-media -d 'Which media go to these files' -r -f -a "none\t'None'
rtcp\t'RTCP only'
rtp\t'RTP, RTCP, and what else comes at the addresses that the calls announce'"
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -s j -l threads -d 'How many threads to use; 0 is one for each processor' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l show -d 'What is written' -r -f -a "events\t'What happens, at once'
calls\t'Calls, when they are over'
files\t'Files of --split, when they are there'
nothing\t'None of it'"
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l stats-every -d 'Write figures each time that this has passed: those of that time, and those of all' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l metrics -d 'Tell figures to Prometheus at this address: 127.0.0.1:9100, GET /metrics' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l call-id -d 'With this Call-ID' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l from -d 'With this text in From, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l to -d 'With this text in To, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l number -d 'With a number that ends like this on either side' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l method -d 'With this method, in the request line or, for responses, in CSeq' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l status -d 'Responses with this status: 486, 5xx or 400-499' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l ip -d 'From or to this address or network' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l port -d 'From or to this port or range of ports' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l user-agent -d 'With this text in User-Agent or Server, in either case' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -s e -l regexp -d 'With octets that match this regular expression' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l outcome -d 'Calls with this outcome, or one of several: busy,failed' -r -f -a "answered\t''
cancelled\t''
busy\t''
rejected\t''
failed\t''
redirected\t''
auth-failed\t''
timeout\t''
unanswered\t''
in-progress\t''
mid-call\t''"
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l duration -d 'Calls that were up for this long, from the answer to the end of the call or of the capture: \'>30s\', 30s-60s' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l where -d 'Rows for which this condition holds, for example \'status >= 500 || "evicted" in flags\'' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l timeout -d 'How long a state lasts when nothing comes: inv_established=7200s,inv_neg=10s' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l timeouts -d 'Whose time-outs apply where --timeout sets none' -r -f -a "sipcap\t'Ours'
calltr\t'Those of calltr, the tracker of sipcallmon'"
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l end-timeout -d 'Let time-outs fire that come within this time after the end of the capture' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l reg-expiry-grace -d 'How late a binding may be refreshed before it has expired' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l reg-del-delay -d 'Hold the removal of a binding back for this time, in case it is registered again' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l max-calls -d 'Forget the call that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l max-bindings -d 'Forget the binding that is idle for the longest time when there are more' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l max-memory -d 'Forget what is idle for the longest time when all of it takes more memory: 500M, 4G' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -s o -l output -d 'Write to this file instead of the standard output' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l format -d 'How the output is written' -r -f -a "text\t'For people'
json\t'JSON Lines: an object with a type in each line'"
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l list-interfaces -d 'List the interfaces that can be captured on'
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l bpf-auto -d 'Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them'
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l no-promiscuous -d 'Leave out frames that are to other machines'
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l immediate -d 'Take each frame at once and not with others: sooner, for more work'
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l keep-duplicates -d 'Take copies of a packet, as from a mirror port, for packets of their own'
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l top -d 'Show what goes on in some lines that are written over again; a line now and then if there is no terminal'
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l metrics-public -d 'Let --metrics be reached from other machines; there is no password'
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l contact-ignore-port -d 'Take Contacts for the same that differ in their port only'
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l force -d 'Overwrite what exists'
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand live" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and not __fish_seen_subcommand_from send help" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and not __fish_seen_subcommand_from send help" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and not __fish_seen_subcommand_from send help" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and not __fish_seen_subcommand_from send help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and not __fish_seen_subcommand_from send help" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and not __fish_seen_subcommand_from send help" -f -a "send" -d 'Send the messages of captures to a collector by HEP, such as Homer'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and not __fish_seen_subcommand_from send help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l since -d 'Leave out frames before this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l until -d 'Leave out frames after this time' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l bpf -d 'Read only frames that this BPF expression takes, as in tcpdump; needs libpcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l vxlan-port -d 'UDP ports on which VXLAN is looked for' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l agent -d 'Take only what this capture agent sent by HEP: its name, its number or its address (can be repeated)' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l ipfix-ignore -d 'Leave out what session border controllers tell by IPFIX of messages that they received (ingress), or sent (egress)' -r -f -a "ingress\t'Messages that they received'
egress\t'Messages that they sent'"
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -s j -l threads -d 'How many threads to use; 0 is one for each processor' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l block-bytes -d 'Octets that are read at once' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l point -d 'Read these files, too, and name the place where they were captured: edge=edge1.pcap,edge2.pcap' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l call-id -d 'With this Call-ID' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l number -d 'With a number that ends like this on either side' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l method -d 'With this method, in the request line or, for responses, in CSeq' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l status -d 'Responses with this status: 486, 5xx or 400-499' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l ip -d 'From or to this address or network' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l port -d 'From or to this port or range of ports' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -s e -l regexp -d 'With octets that match this regular expression' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l to -d 'Send to this collector: an address or a name, and a port' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l over -d 'What to send over' -r -f -a "udp\t'A datagram for each message'
tcp\t'A connection, on which nothing is lost; version 3 only'"
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l hep-version -d 'The version of HEP' -r -f -a "2\t'A fixed header, without names and keys'
3\t'Chunks'"
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l id -d 'The number of this capture agent [default: 2001]' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l name -d 'The name of this capture agent' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l auth-key -d 'Show the collector this key; it is sent as it is, and version 3 only has it' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l rate -d 'Send no more than so many messages a second [default: 10000 over UDP, any number over TCP]' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l speed -d 'Replay this many times as fast' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l max-delay -d 'Wait no longer than this between two messages' -r
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l bpf-auto -d 'Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l keep-duplicates -d 'Take copies of a packet, as from a mirror port, for packets of their own'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l strict -d 'End with status 2 when an input or a message is damaged'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l interface-points -d 'Take the interfaces of pcapng files for capture points, by their names'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l align-clocks -d 'Put the clocks of capture points and capture agents right by messages that several of them have seen'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l replay -d 'Send messages at the pace at which they were captured'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from send" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from help" -f -a "send" -d 'Send the messages of captures to a collector by HEP, such as Homer'
complete -c sipcap -n "__fish_sipcap_using_subcommand hep; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sipcap -n "__fish_sipcap_using_subcommand parse" -l as -d 'How the text is written' -r -f -a "auto\t''
plain\t''
rfc\t''
ngrep\t''
hex\t''
escaped\t''"
complete -c sipcap -n "__fish_sipcap_using_subcommand parse" -l format -d 'How the output is written' -r -f -a "text\t'For people'
json\t'JSON Lines: an object with a type in each line'"
complete -c sipcap -n "__fish_sipcap_using_subcommand parse" -s o -l output -d 'Write to this file instead of the standard output' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand parse" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand parse" -l strict -d 'End with status 2 when a message cannot be worked with'
complete -c sipcap -n "__fish_sipcap_using_subcommand parse" -l force -d 'Overwrite what exists'
complete -c sipcap -n "__fish_sipcap_using_subcommand parse" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand parse" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand parse" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand parse" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand completions" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand completions" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand completions" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand completions" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand man" -l out-dir -d 'Write the pages of sipcap and of each command into this directory' -r -F
complete -c sipcap -n "__fish_sipcap_using_subcommand man" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set or TERM is dumb'
always\t'Always'
never\t'Never'"
complete -c sipcap -n "__fish_sipcap_using_subcommand man" -s q -l quiet -d 'Tell errors only: no warnings, no notes, no progress bar'
complete -c sipcap -n "__fish_sipcap_using_subcommand man" -l verbose -d 'Tell more on standard error'
complete -c sipcap -n "__fish_sipcap_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sipcap -n "__fish_sipcap_using_subcommand man" -s V -l version -d 'Print version'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "info" -d 'Tell what is in the captures, and how good they are'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "messages" -d 'List the messages, a row each'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "grep" -d 'Print the messages that match a regular expression'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "calls" -d 'List the calls'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "regs" -d 'List the registrations, a row for each binding'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "events" -d 'Tell what happens, as it happens'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "stats" -d 'Tell how calls, registrations and messages went, in numbers'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "split" -d 'Write each call to a capture file of its own, with its media'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "merge" -d 'Merge captures into one pcapng file, in the order of time'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "ladder" -d 'Draw a call as a ladder of its messages'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "live" -d 'Tell what happens on the wire, as it happens'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "hep" -d 'Send messages to a collector'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "parse" -d 'Show what the parser sees in pasted text'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "completions" -d 'Print the completions for a shell'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "man" -d 'Write the manual pages'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and not __fish_seen_subcommand_from info messages grep calls regs events stats split merge ladder live hep parse completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c sipcap -n "__fish_sipcap_using_subcommand help; and __fish_seen_subcommand_from hep" -f -a "send" -d 'Send the messages of captures to a collector by HEP, such as Homer'
