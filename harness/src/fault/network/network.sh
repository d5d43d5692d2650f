# shellcheck shell=sh
# Pods that don't hear each other, on a node: packets are dropped where the node forwards them.
# usage: network VERB NAME …
set -eu
# Ahead of what kube-proxy and the pod network write whenever they start, which lets standing connections through.
table=mangle
mark="--comment \"steadfast:$2${2:+\"}"

# The tool of an address's family.
tool() {
  case $1 in
    *:*) echo ip6tables ;;
    *) echo iptables ;;
  esac
}

# The rules of ours, as commands that make them.
rules() {
  "$1" -w 5 -t "$table" -S FORWARD | grep -F -- "$mark" || true
}

case $1 in
  # part NAME FROM TO: nothing goes from one address to the other any more, connections that stand included
  part)
    "$(tool "$3")" -w 5 -t "$table" -I FORWARD 1 -s "$3" -d "$4" -m comment --comment "steadfast:$2" -j DROP
    [ -n "$(rules "$(tool "$3")")" ] || {
      echo "the rule that parts $3 and $4 is not there" >&2
      exit 1
    }
    ;;
  # dropped NAME: how many packets its rules have dropped
  dropped)
    for tool in iptables ip6tables; do "$tool" -w 5 -t "$table" -L FORWARD -n -v -x 2>/dev/null || true; done |
      awk -v mark="steadfast:$2 " 'index($0, mark) { sum += $1 } END { print "dropped " sum + 0 }'
    ;;
  # join NAME: its rules go; all of ours where it is empty
  join)
    for tool in iptables ip6tables; do
      rules "$tool" | sed 's/^-A/-D/' | while read -r rule; do eval "$tool -w 5 -t $table $rule"; done
    done
    ;;
  *)
    echo "network: what is $1?" >&2
    exit 1
    ;;
esac
