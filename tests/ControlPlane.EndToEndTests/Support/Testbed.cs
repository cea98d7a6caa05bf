using System.Globalization;
using System.Text.Json;
using ControlPlane.Client;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>
/// A namespace with a daemon in it, which owns one devmap for each selector, and veths whose far ends the test holds. Nothing of it
/// may be left at its end.
/// </summary>
internal sealed class Testbed : IAsyncDisposable
{
    /// <summary>The devmap keyed by ingress interface; its frames without an entry are passed.</summary>
    public const string ByInterface = "default";

    /// <summary>The devmap keyed by VLAN id; its frames without an entry are dropped.</summary>
    public const string ByVlan = "vlans";

    /// <summary>The devmap keyed by IPv4 destination; its frames without an entry are dropped.</summary>
    public const string ByAddress = "addresses";

    private static readonly string[] Devmaps = [ByInterface, ByVlan, ByAddress];

    private readonly List<IDisposable> _parts = [];
    private readonly bool _isShared;
    private readonly Leftovers _beforeDaemon;
    private Leftovers? _beforeTest;
    private DevmapdClient? _client;
    private int _clientOf;

    private Testbed(NetworkNamespace space, bool isShared = false)
    {
        (Space, _isShared) = (space, isShared);
        Runner = new DaemonRunner(
            space, detached: false,
            [.. Devmap(0, ByInterface, "ingressInterface", "pass"), .. Devmap(1, ByVlan, "vlan", "drop"), .. Devmap(2, ByAddress, "ipv4Destination", "drop")]);
        _beforeDaemon = Leftovers.Capture();
    }

    public NetworkNamespace Space { get; }

    public DaemonRunner Runner { get; }

    public HttpClient Http => Runner.Http;

    /// <summary>A gRPC client of the daemon that runs.</summary>
    public DevmapdClient Client
    {
        get
        {
            // A new one for each daemon: the old one may still hold a connection to the daemon before.
            if (_client is null || _clientOf != Runner.Daemon.Id)
            {
                _client?.Dispose();
                (_client, _clientOf) = (DevmapdClient.Connect(Runner.Address), Runner.Daemon.Id);
            }

            return _client;
        }
    }

    /// <summary>Whether a shared testbed is ready for the next test.</summary>
    public bool IsClean { get; private set; } = true;

    // They could repair just what a test has changed by hand. A test of them sets its own interval: the last value of a key counts.
    private const string NoRegularAudits = "--ControlPlane:Audit:Interval=01:00:00";

    /// <summary>Makes a namespace and starts a daemon in it, for one test. It audits only when it is asked to.</summary>
    /// <param name="space">An existing namespace instead. Its interfaces are removed at the end, except in the initial one.</param>
    /// <param name="arguments">More arguments for the daemon.</param>
    public static Task<Testbed> StartAsync(NetworkNamespace? space = null, params string[] arguments) =>
        StartAsync(new Testbed(space ?? NetworkNamespace.Create()), [NoRegularAudits, .. arguments]);

    /// <summary>Makes a namespace and starts a daemon in it, for several tests one after another (<see cref="SharedDaemon"/>).</summary>
    public static Task<Testbed> StartSharedAsync() => StartAsync(new Testbed(NetworkNamespace.Create(), isShared: true), [NoRegularAudits]);

    /// <summary>Begins a test on a shared testbed.</summary>
    public void Begin() => (_beforeTest, IsClean) = (Leftovers.Capture(), false);

    private static async Task<Testbed> StartAsync(Testbed testbed, string[] arguments)
    {
        try
        {
            await testbed.Runner.StartAsync(arguments);
            return testbed;
        }
        catch
        {
            await testbed.EndAsync();
            throw;
        }
    }

    /// <summary>Makes a veth that accepts redirected frames. Its far end is in another namespace.</summary>
    public Port AddPort(string? name = null, bool acceptsRedirect = true, uint? ifindex = null)
    {
        var elsewhere = NetworkNamespace.Create();
        _parts.Add(elsewhere);
        var pair = VethPair.Create(Space, new VethOptions { Name = name, Ifindex = ifindex, PeerNamespace = elsewhere, AcceptsRedirect = acceptsRedirect });
        _parts.Add(pair);
        var port = new Port(pair, FrameSocket.OpenPeer(pair));
        _parts.Add(port.Far);
        return port;
    }

    /// <summary>Returns the keys and ifindexes in the kernel's map of a devmap, as bpftool prints them.</summary>
    public IReadOnlyDictionary<uint, uint> KernelMap(string devmap) => KernelElements(devmap).ToDictionary(e => e.Key, e => e.Ifindex);

    /// <summary>Returns keys, ifindexes and ids of egress programs (0 for none) in the kernel's map of a devmap.</summary>
    public IReadOnlyList<(uint Key, uint Ifindex, uint Program)> KernelElements(string devmap)
    {
        using var dump = JsonDocument.Parse(Shell.Run("bpftool", "-j", "map", "dump", "pinned", $"{Runner.PinRoot}/devmaps/{devmap}/active"));
        return [.. dump.RootElement.EnumerateArray().Select(e => (Number(e.GetProperty("key"), 0), Number(e.GetProperty("value"), 0), Number(e.GetProperty("value"), 4)))];
    }

    /// <summary>Returns the id of the program that also completes checksums, as bpftool prints it.</summary>
    public uint CompletingProgram(string devmap)
    {
        using var shown = JsonDocument.Parse(Shell.Run("bpftool", "-j", "prog", "show", "pinned", $"{Runner.PinRoot}/devmaps/{devmap}/complete"));
        return shown.RootElement.GetProperty("id").GetUInt32();
    }

    /// <summary>Ends the test: removes what it has made, and the daemon unless other tests share it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isShared)
            await ClearAsync();
        else
            await EndAsync();
    }

    /// <summary>Ends the daemon and removes everything.</summary>
    public async Task EndAsync()
    {
        _client?.Dispose();
        await Runner.DisposeAsync();
        DisposeParts();
        Space.Dispose();
        await _beforeDaemon.AssertNothingLeftAsync();
    }

    /// <summary>Removes all entries, attachments and egress programs.</summary>
    public async Task RemoveResourcesAsync()
    {
        foreach (var devmap in Devmaps)
        {
            foreach (var entry in await Http.ListAsync(devmap, "pageSize=1000"))
                await Http.RemoveAsync($"/v1/devmaps/{devmap}/entries/{Uri.EscapeDataString(entry.Key)}?force=true");
            foreach (var attachment in (await Http.ReadAsync<AttachmentPage>($"/v1/devmaps/{devmap}/attachments")).Attachments)
                await Http.RemoveAsync($"/v1/devmaps/{devmap}/attachments/{Uri.EscapeDataString(attachment.Interface)}?force=true");
        }

        foreach (var program in (await Http.ReadAsync<EgressProgramList>("/v1/programs")).Programs)
            await Http.RemoveAsync($"/v1/programs/{program.Name}?force=true");
    }

    private async Task ClearAsync()
    {
        await RemoveResourcesAsync();
        DisposeParts();
        Space.RemoveInterfaces();
        foreach (var devmap in Devmaps)
            await Eventually.Async(() => KernelElements(devmap).Count == 0, what: $"the kernel's {devmap} is empty");
        await _beforeTest!.AssertNothingLeftAsync();
        IsClean = true;
    }

    private void DisposeParts()
    {
        foreach (var part in Enumerable.Reverse(_parts))
            part.Dispose();
        _parts.Clear();
    }

    // Bytes are "0x0a", the least significant first. A value is an ifindex and a program id.
    private static uint Number(JsonElement bytes, int offset) => bytes.EnumerateArray().Skip(offset).Take(4).Reverse().Aggregate(
        0u, (number, b) => (number << 8) | uint.Parse(b.GetString()!.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    private static string[] Devmap(int index, string name, string selector, string missAction)
    {
        var key = $"--ControlPlane:Devmaps:{index}";
        return [$"{key}:Name={name}", $"{key}:KeySelector={selector}", $"{key}:MissAction={missAction}", $"{key}:MaxEntries=131072"];
    }
}
