using System.Globalization;
using System.Text.Json;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>
/// The world of one test: a namespace with a daemon in it, which owns one devmap for each selector, and veths whose far ends the
/// test holds. At its end nothing of it may be left.
/// </summary>
internal sealed class Testbed : IAsyncDisposable
{
    /// <summary>The devmap keyed by ingress interface; its frames without an entry are passed.</summary>
    public const string ByInterface = "default";

    /// <summary>The devmap keyed by VLAN id; its frames without an entry are dropped.</summary>
    public const string ByVlan = "vlans";

    /// <summary>The devmap keyed by IPv4 destination; its frames without an entry are dropped.</summary>
    public const string ByAddress = "addresses";

    private readonly List<IDisposable> _parts = [];
    private readonly Leftovers _leftovers;

    private Testbed(NetworkNamespace space)
    {
        Space = space;
        Runner = new DaemonRunner(
            space, detached: false,
            [.. Devmap(0, ByInterface, "ingressInterface", "pass"), .. Devmap(1, ByVlan, "vlan", "drop"), .. Devmap(2, ByAddress, "ipv4Destination", "drop")]);
        _leftovers = Leftovers.Capture();
    }

    public NetworkNamespace Space { get; }

    public DaemonRunner Runner { get; }

    public HttpClient Http => Runner.Http;

    /// <summary>Makes the namespace and starts the daemon in it.</summary>
    /// <param name="space">Where instead; the test's to end.</param>
    /// <param name="arguments">What the daemon gets beside.</param>
    public static async Task<Testbed> StartAsync(NetworkNamespace? space = null, params string[] arguments)
    {
        var testbed = new Testbed(space ?? NetworkNamespace.Create());
        try
        {
            await testbed.Runner.StartAsync(arguments);
            return testbed;
        }
        catch
        {
            await testbed.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a veth that accepts redirected frames, its far end out of the daemon's sight.</summary>
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

    /// <summary>What the kernel's map of a devmap has: keys and ifindexes, as bpftool tells them.</summary>
    public IReadOnlyDictionary<uint, uint> KernelMap(string devmap) => KernelElements(devmap).ToDictionary(e => e.Key, e => e.Ifindex);

    /// <summary>The same with the id of the egress program, 0 for none.</summary>
    public IReadOnlyList<(uint Key, uint Ifindex, uint Program)> KernelElements(string devmap)
    {
        using var dump = JsonDocument.Parse(Shell.Run("bpftool", "-j", "map", "dump", "pinned", $"{Runner.PinRoot}/devmaps/{devmap}/active"));
        return [.. dump.RootElement.EnumerateArray().Select(e => (Number(e.GetProperty("key"), 0), Number(e.GetProperty("value"), 0), Number(e.GetProperty("value"), 4)))];
    }

    public async ValueTask DisposeAsync()
    {
        await Runner.DisposeAsync();
        foreach (var part in Enumerable.Reverse(_parts))
            part.Dispose();
        Space.Dispose();
        await _leftovers.AssertNothingLeftAsync();
    }

    // Bytes as "0x0a", the least significant first; a value is an ifindex and a program id.
    private static uint Number(JsonElement bytes, int offset) => bytes.EnumerateArray().Skip(offset).Take(4).Reverse().Aggregate(
        0u, (number, b) => (number << 8) | uint.Parse(b.GetString()!.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    private static string[] Devmap(int index, string name, string selector, string missAction)
    {
        var key = $"--ControlPlane:Devmaps:{index}";
        return [$"{key}:Name={name}", $"{key}:KeySelector={selector}", $"{key}:MissAction={missAction}", $"{key}:MaxEntries=131072"];
    }
}
