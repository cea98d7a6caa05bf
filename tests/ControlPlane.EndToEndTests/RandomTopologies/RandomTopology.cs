using System.Net.Http.Json;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>
/// A random topology: veths whose peers are in other namespaces, a tap, a veth whose peer is in the same, and a bridge with one port. It has
/// attachments in all modes, entries of all three selectors with and without actions, and egress programs of every template.
/// </summary>
internal sealed partial class RandomTopology : IAsyncDisposable
{
    private const string Bridge = "bridge";
    private const string Sink = "sink"; // hands what it gets back to the host
    private const string Fence = "fence";
    private const int Ports = 5;
    private const int Entries = 12;

    private static readonly string[] _devmaps = [Testbed.ByInterface, Testbed.ByVlan, Testbed.ByAddress];
    // Less often by interface, because frames of only one interface find such an entry.
    private static readonly string[] _entryDevmaps = [Testbed.ByInterface, Testbed.ByVlan, Testbed.ByVlan, Testbed.ByAddress, Testbed.ByAddress];
    private static readonly string?[] _programs = [null, "count", "drop", "rewrite", "push", "pop"];

    private static readonly string[] _completions = ["auto", "auto", "on", "off"];

    private readonly Random _random;
    private readonly bool _isPrepared;
    private readonly string[] _settings;
    private readonly XdpPassObject _pass = new XdpPassObject();
    private readonly TagObject _tag = new TagObject();
    private readonly TrafficNetwork _network = new();
    private readonly NetworkNamespace _elsewhere = NetworkNamespace.Create();
    private readonly List<NetworkNamespace> _homes = [];
    private readonly List<RandomPort> _ports = [];
    private RandomPort _beside = null!; // both ends in the daemon's namespace; never an ingress, so that either end shows what the other sends
    private RandomPort _bridged = null!;
    private bool _isBridged = true;
    private int _fence = 1000;
    private int _senders;

    private RandomTopology(Testbed testbed, Random random, string[] settings) =>
        (Testbed, _random, _settings, _isPrepared) = (testbed, random, settings, random.Next(2) == 0);

    public Testbed Testbed { get; }

    /// <summary>All changes, in order.</summary>
    public List<string> History { get; } = [];

    /// <summary>The number of changes that were made, and that the kernel or the daemon refused.</summary>
    public (int Done, int Refused) Changes { get; private set; }

    public static async Task<RandomTopology> CreateAsync(Random random)
    {
        string[] settings =
        [
            .. _devmaps.Index().SelectMany(d => new[]
            {
                $"--ControlPlane:Devmaps:{d.Index}:CompleteChecksums={_completions[random.Next(_completions.Length)]}",
                $"--ControlPlane:Devmaps:{d.Index}:EnsureTargets={(random.Next(3) == 0 ? "off" : "auto")}",
            }),
        ];
        var topology = new RandomTopology(await Testbed.StartAsync(arguments: settings), random, settings);
        try
        {
            await topology.BuildAsync();
            return topology;
        }
        catch
        {
            await topology.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until the daemon has seen all changes of interfaces. Link events come in order, so the last one is enough.</summary>
    public async Task SettleAsync()
    {
        _fence = _fence == 1000 ? 1001 : 1000;
        Testbed.Batch($"link set dev {Fence} mtu {_fence}");
        await Eventually.Async(
            async () => (await Testbed.Http.ReadAsync<InterfaceList>("/v1/interfaces")).Interfaces.Any(i => i.Name == Fence && i.Mtu == _fence),
            what: "the daemon knows of the last change");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var port in AllPorts())
            port.Dispose();
        await Testbed.DisposeAsync();
        _network.Dispose();
        _tag.Dispose();
        foreach (var space in _homes)
            space.Dispose();
        _elsewhere.Dispose();
        _pass.Dispose();
    }

    /// <summary>The state of all ports.</summary>
    public override string ToString() => string.Join("\n  ", AllPorts().Select(p => p.ToString()).Prepend(string.Join(' ', _settings)));

    private IEnumerable<RandomPort> AllPorts() => _ports.Append(_beside).Append(_bridged).Where(p => p is not null);

    private async Task BuildAsync()
    {
        History.Add(string.Join(' ', _settings));
        _network.Add(Testbed.Space);
        _network.Add(_elsewhere);
        Testbed.Batch($"link add {Fence} mtu {_fence} type bridge", $"link add {Bridge} type bridge", $"link set dev {Bridge} up", $"link add {Sink} type ifb", $"link set dev {Sink} up");
        for (var i = 0; i < Ports; i++)
            _ports.Add(NewPort($"port{i}", Home(), $"far{i}", i == Ports - 1 ? PickTap() : null));
        _beside = NewPort("beside", Testbed.Space, "far-beside");
        _bridged = NewPort("bridged", Home(), "far-bridged");
        Testbed.Batch($"link set dev bridged master {Bridge}");

        await Testbed.Http.WriteAsync<EgressProgram>("/v1/programs/count", new { template = "count" });
        await Testbed.Http.WriteAsync<EgressProgram>("/v1/programs/drop", new { template = "drop" });
        await Testbed.Http.WriteAsync<EgressProgram>("/v1/programs/rewrite", new { template = "rewriteMac", parameters = new { sourceMac = "02:00:00:00:00:0a", destinationMac = "02:00:00:00:00:0b" } });
        await Testbed.Http.WriteAsync<EgressProgram>("/v1/programs/push", new { template = "pushVlan", parameters = new { vlanId = 77 } });
        await Testbed.Http.WriteAsync<EgressProgram>("/v1/programs/pop", new { template = "popVlan" });
        for (var i = 0; i < Ports; i++)
            await AttachAsync(i < _devmaps.Length ? _devmaps[i] : Pick(_devmaps), _ports[i].Name);
        for (var i = 0; i < Entries; i++)
            await PutEntryAsync();
        for (var i = 0; i < Ports; i++)
        {
            if (await IsAttachedAsync(Testbed.ByInterface, _ports[i].Name))
                await TryAsync(HttpMethod.Put, $"/v1/devmaps/{Testbed.ByInterface}/entries/{_ports[i].Name}", new { @interface = Pick(TargetNames()) });
        }

        foreach (var target in TargetNames().Where(_ => _random.Next(2) == 0))
            await SetEgressProgramAsync(target);
    }

    private async Task<bool> IsAttachedAsync(string devmap, string ingress) =>
        (await Testbed.Http.ReadAsync<AttachmentPage>($"/v1/devmaps/{devmap}/attachments")).Attachments.Any(a => a.Interface == ingress);

    // In half of the topologies one port is a tap.
    private TapOptions? PickTap() => _random.Next(2) == 0 ? null : new TapOptions(_random.Next(3) == 0, _random.Next(2) == 0, _random.Next(2) == 0);

    private RandomPort NewPort(string name, NetworkNamespace far, string farName, TapOptions? tap = null)
    {
        var port = new RandomPort(Testbed.Space, name, far, farName, ++_senders, _tag, receivesAtNearEnd: far == Testbed.Space, tap);
        Create(port);
        return port;
    }

    // In half of the topologies the senders are prepared for every mode: nothing rides beside their frames. None sends SCTP, lists of
    // segments or 802.1ad tags, whose offloads the daemon counts as well.
    private void Create(RandomPort port)
    {
        port.Create(gro: _random.Next(3) > 0);
        if (port.IsTap)
            return;
        foreach (var feature in _unused)
            port.SetFarOffload(feature, false);
        if (_random.Next(3) == 0)
            SetMtus(port, Pick(_mtus));
        if (!_isPrepared)
            return;
        foreach (var feature in _prepared)
            port.SetFarOffload(feature, false);
        History.Add($"{port.FarName} {string.Join(' ', _prepared)} False");
    }

    private NetworkNamespace Home()
    {
        var home = NetworkNamespace.Create();
        _homes.Add(home);
        _network.Add(home);
        return home;
    }

    private static string[] TargetNames() => [.. Enumerable.Range(0, Ports).Select(i => $"port{i}"), "beside", "far-beside", Bridge, Sink];

    private Task<bool> PutEntryAsync()
    {
        var devmap = Pick(_entryDevmaps);
        return TryAsync(HttpMethod.Put, $"/v1/devmaps/{devmap}/entries/{Key(devmap)}?allowPending=true", new { @interface = Pick(TargetNames()), actions = PickActions() });
    }

    // Half of the entries have actions. The receivers take frames for any address.
    private Actions? PickActions() => _random.Next(8) switch
    {
        0 => new("02:00:00:00:00:0a", "02:00:00:00:00:0b", null, null, PopVlan: false, DecrementTtl: true),
        1 => new(null, null, SetTag, null, PopVlan: false, DecrementTtl: false),
        2 => new(null, "02:00:00:00:00:0b", null, ActionTag, PopVlan: false, DecrementTtl: true),
        3 => new("02:00:00:00:00:0a", null, null, null, PopVlan: true, DecrementTtl: false),
        _ => null,
    };

    private string Key(string devmap) => devmap switch
    {
        Testbed.ByInterface => $"port{_random.Next(Ports)}",
        Testbed.ByVlan => $"{_random.Next(4) * 100}",
        _ => $"10.0.0.{_random.Next(1, 6)}",
    };

    private Task<bool> AttachAsync(string devmap, string ingress) =>
        TryAsync(HttpMethod.Put, $"/v1/devmaps/{devmap}/attachments/{ingress}", new { mode = PickMode() });

    private Task<bool> SetEgressProgramAsync(string target) =>
        TryAsync(HttpMethod.Post, $"/v1/interfaces/{target}:setEgressProgram", new { egressProgram = Pick(_programs) });

    private async Task<bool> TryAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await Testbed.Http.SendAsync(request);
        Assert.True((int)answer.StatusCode < 500, $"{method} {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        History.Add($"{method} {path} {(request.Content is null ? "" : await request.Content.ReadAsStringAsync())} -> {(int)answer.StatusCode}");
        return answer.IsSuccessStatusCode;
    }

    private T Pick<T>(IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];

    private string PickMode() => _random.Next(6) switch { 0 => "generic", 1 => "tcx", 2 => "auto", _ => "native" };

    private sealed record InterfaceList(IReadOnlyList<InterfaceRow> Interfaces);

    private sealed record InterfaceRow(string Name, int Mtu);
}
