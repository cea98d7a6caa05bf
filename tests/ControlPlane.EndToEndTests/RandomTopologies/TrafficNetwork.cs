using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>
/// The stacks of the namespaces of a topology, and a network of their own on which the answers of TCP go back. So each transfer tests
/// one direction of one entry. Every stack takes traffic for all addresses of <c>10.0.0.0/24</c>, and its senders have addresses of <c>10.1.0.0/16</c>.
/// </summary>
internal sealed class TrafficNetwork : IDisposable
{
    private const string Bridge = "hub";
    private const string Back = "back";

    private readonly NetworkNamespace _hub = NetworkNamespace.Create();
    private readonly Dictionary<NetworkNamespace, TrafficStack> _stacks = [];

    public TrafficNetwork() => _hub.ShellWithInput($"link add {Bridge} mtu 9000 type bridge\nlink set dev {Bridge} up\n", "ip", "-batch", "-");

    /// <summary>The bytes that have arrived by TCP anywhere.</summary>
    public long Received => _stacks.Values.Sum(s => s.Received);

    /// <summary>All stacks.</summary>
    public IEnumerable<TrafficStack> Stacks => _stacks.Values;

    /// <summary>Returns the stack of a namespace.</summary>
    public TrafficStack this[NetworkNamespace space] => _stacks[space];

    /// <summary>Lets a namespace send and receive traffic.</summary>
    public void Add(NetworkNamespace space)
    {
        var number = _stacks.Count + 1;
        space.Run(() =>
        {
            Set("all", "rp_filter", "0");
            Set("all", "accept_local", "1");
            Set("all", "arp_announce", "2");
            File.WriteAllText("/proc/sys/net/ipv4/tcp_no_metrics_save", "1");
        });
        string[] commands =
        [
            $"link add name {Back} mtu 9000 type veth peer name {Back}{number} mtu 9000 netns {_hub.Path}",
            "rule add pref 1000 lookup local",
            "rule del pref 0",
            "route add local 10.0.0.0/24 dev lo",
            $"addr add 10.2.0.{number}/16 dev {Back}",
            $"link set dev {Back} up",
            $"route add 10.1.0.0/16 dev {Back}",
        ];
        space.ShellWithInput(string.Join('\n', commands), "ip", "-batch", "-");
        space.Run(() => Set(Back, "rp_filter", "0"));
        _hub.ShellWithInput($"link set dev {Back}{number} master {Bridge}\nlink set dev {Back}{number} up\n", "ip", "-batch", "-");
        _stacks.Add(space, TrafficStack.Open(space));
    }

    /// <summary>Forgets in which namespace each sender is.</summary>
    public void Forget()
    {
        foreach (var space in _stacks.Keys)
            space.Shell("ip", "neigh", "flush", "dev", Back);
    }

    public void Dispose()
    {
        foreach (var stack in _stacks.Values)
            stack.Dispose();
        _hub.Dispose();
    }

    private static void Set(string name, string setting, string value) => File.WriteAllText($"/proc/sys/net/ipv4/conf/{name}/{setting}", value);
}
