using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>
/// The verdict of an explanation is true. Each test prepares one outcome, asks the daemon, and sends the frame. A frame that leaves is
/// seen at the far end of the target; a frame that is passed to the stack is seen at the ingress.
/// </summary>
[Trait("Group", "truth")]
public sealed class ExplainTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private const string Address = "10.0.0.7";
    private const string NewSource = "02:00:00:00:00:0b";
    private const string NewDestination = "02:00:00:00:00:0c";

    public static TheoryData<string, string, string> Cases { get; } = new()
    {
        { "native", "as it came", "leaves Forwarded" },
        { "native", "rewritten", "leaves Forwarded" },
        { "native", "pushed", "leaves Forwarded" },
        { "native", "popped", "leaves Forwarded" },
        { "native", "dropped by its program", "dropped TemplateDrops" },
        { "native", "missed and passed", "passed NoEntry" },
        { "native", "missed and dropped", "dropped NoEntry" },
        { "native", "not IPv4", "dropped NoIpv4" },
        { "native", "as long as it may be", "leaves Forwarded" },
        { "native", "too long by one", "dropped FrameTooLong" },
        { "native", "pushed beyond the peer", "dropped FrameTooLongForPeer" },
        { "native", "too long for the ingress", "notReceived FrameTooLong" },
        { "native", "target down", "dropped AdministrativelyDown" },
        { "native", "peer down", "dropped PeerDown" },
        { "native", "peer without GRO", "dropped PeerWithoutXdp" },
        { "native", "ingress down", "notReceived AdministrativelyDown" },
        { "native", "not attached", "passed NotAttached" },
        { "generic", "rewritten", "leaves Forwarded" },
        { "generic", "popped", "leaves Forwarded" },
        { "generic", "dropped by its program", "dropped TemplateDrops" },
        { "generic", "missed and passed", "passed NoEntry" },
        { "generic", "as long as it may be", "leaves Forwarded" },
        { "generic", "too long by one", "dropped FrameTooLong" },
        { "generic", "pushed beyond the peer", "dropped FrameTooLongForPeer" },
        { "generic", "target down", "dropped AdministrativelyDown" },
        { "generic", "peer down", "dropped PeerDown" },
        { "generic", "peer without GRO", "leaves Forwarded" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Verdict_IsTheFateOfTheFrame(string mode, string what, string word)
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        // So that frames can arrive that are too long for the target.
        ingress.Pair.PeerNamespace.Shell("ip", "link", "set", "dev", ingress.Pair.PeerName, "mtu", "2000");
        ingress.Pair.Namespace.Shell("ip", "link", "set", "dev", ingress.Name, "mtu", what == "too long for the ingress" ? "1500" : "2000");
        using var stack = FrameSocket.Open(testbed.Space, ingress.Name);

        var devmap = what == "missed and passed" ? Testbed.ByInterface : Testbed.ByAddress;
        if (what != "not attached")
            await testbed.Http.AttachAsync(devmap, ingress.Name, mode);
        var program = await ProgramAsync(testbed, what);
        if (!what.StartsWith("missed", StringComparison.Ordinal))
            await testbed.Http.PutEntryAsync(Testbed.ByAddress, Address, target.Name, program);
        Prepare(what, ingress.Pair, target.Pair);

        var (vlan, length) = what switch
        {
            "popped" => (100, 1000),
            "as long as it may be" => (0, 1504),
            "too long by one" or "too long for the ingress" => (0, 1505),
            "pushed beyond the peer" => (100, 1500),
            _ => (0, 1400),
        };
        var path = $"/v1/devmaps/{devmap}:explain?ingress={ingress.Name}&vlan={vlan}&length={length}{(what == "not IPv4" ? "" : $"&dst={Address}")}";
        var said = await testbed.Http.ReadAsync<Explanation>(path);
        Assert.True(word == $"{said.Verdict.Outcome} {said.Verdict.Reason}", $"{said.Verdict}: {string.Join("; ", said.Steps)}");

        var run = FrameMark.NewRun();
        var tags = vlan == 0 ? [] : new[] { new VlanTag((ushort)vlan) };
        var frame = what == "not IPv4" ? Frames.Raw(new FrameMark(run, 0), 0x88b5, length, tags) : Frames.Udp(new FrameMark(run, 0), Address, length - 28, tags);
        var arrived = Send(ingress, frame, run, target, said.Verdict.Outcome);
        var passed = stack.ReceiveUntilQuiet(run, TimeSpan.FromMilliseconds(50));
        Assert.Equal(word[..word.IndexOf(' ', StringComparison.Ordinal)] switch { "leaves" => (1, 0), "passed" => (0, 1), _ => (0, 0) }, (arrived.Count, passed.Count));
        Assert.Equal(arrived.Count == 1, said.Verdict.Leaving is not null);
        if (said.Verdict.Leaving is { } leaving)
            AssertIs(leaving, target.Name, frame, arrived[0]);
    }

    [Fact]
    public async Task TextPage_HasRemedyAndVerdict()
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name);
        target.Pair.SetUp(false);

        Assert.Contains($"\n          remedy: ip link set dev {target.Name} up\n", await PageAsync(testbed, ingress.Name), StringComparison.Ordinal);
        target.Pair.SetUp(true);
        await Eventually.Async(async () => (await PageAsync(testbed, ingress.Name)).EndsWith(
            $"\nLEAVES (Forwarded): The frame leaves by '{target.Name}' with 60 bytes, untagged.\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task InTcxMode_TheWayToThePeerIsTold()
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name, "tcx");
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name);

        Assert.Equal("PeerDirectly", await WayAsync());
        testbed.Space.Shell("tc", "qdisc", "add", "dev", target.Name, "clsact");
        Assert.Equal("ProgramAtEgress", await WayAsync());
        testbed.Space.Shell("tc", "qdisc", "del", "dev", target.Name, "clsact");
        using (FrameSocket.Open(testbed.Space, target.Name))
            Assert.Equal("ListenerAtEgress", await WayAsync());
        Assert.Equal("PeerDirectly", await WayAsync());

        async Task<string> WayAsync()
        {
            var said = await testbed.Http.ReadAsync<Explanation>($"/v1/devmaps/{Testbed.ByInterface}/entries/{ingress.Name}:explain");
            Assert.Equal(("leaves", "EgressPath", "True"), (said.Verdict.Outcome, said.Steps[^1].Type, said.Steps[^1].Status));
            return said.Steps[^1].Reason;
        }
    }

    private static IReadOnlyList<byte[]> Send(Port ingress, byte[] frame, ulong run, Port target, string outcome)
    {
        try
        {
            return outcome == "leaves" ? ingress.Send([frame], run, target, expected: 1) : ingress.Send([frame], run, target)[0];
        }
        catch (IOException) when (outcome == "notReceived")
        {
            // A veth refuses to send what its peer does not receive.
            return target.Far.ReceiveUntilQuiet(run, TimeSpan.FromMilliseconds(200));
        }
    }

    private static async Task<string> PageAsync(Testbed testbed, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/devmaps/{Testbed.ByInterface}/entries/{key}:explain");
        request.Headers.Accept.ParseAdd("text/plain");
        using var answer = await testbed.Http.SendAsync(request);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
        return await answer.Content.ReadAsStringAsync();
    }

    private static async Task<string?> ProgramAsync(Testbed testbed, string what)
    {
        object? body = what switch
        {
            "rewritten" => new { template = "rewriteMac", parameters = new { sourceMac = NewSource, destinationMac = NewDestination } },
            "pushed" or "pushed beyond the peer" => new { template = "pushVlan", parameters = new { vlanId = 7 } },
            "popped" => new { template = "popVlan" },
            "dropped by its program" => new { template = "drop" },
            _ => null,
        };
        if (body is null)
            return null;
        await testbed.Http.WriteAsync<EgressProgram>("/v1/programs/changer", body);
        return "changer";
    }

    private static void Prepare(string what, VethPair ingress, VethPair target)
    {
        switch (what)
        {
            case "target down":
                target.SetUp(false);
                break;
            case "peer down":
                target.SetPeerUp(false);
                break;
            case "peer without GRO":
                target.DisablePeerReceive();
                break;
            case "ingress down":
                ingress.SetUp(false);
                break;
        }
    }

    // The frame that arrived is the frame that was predicted.
    private static void AssertIs(LeavingFrame said, string target, byte[] sent, byte[] arrived)
    {
        var tagged = (arrived[12], arrived[13]) is (0x81, 0);
        Assert.Equal((target, arrived.Length, tagged ? ((arrived[14] << 8) | arrived[15]) & 0xfff : 0), (said.Interface, said.Bytes, said.Vlan));
        Assert.Equal(Mac(arrived, 0), said.DestinationMac ?? Mac(sent, 0));
        Assert.Equal(Mac(arrived, 6), said.SourceMac ?? Mac(sent, 6));
    }

    private static string Mac(byte[] frame, int at) => ControlPlane.Core.Model.MacAddress.Read(frame.AsSpan(at)).ToString();
}
