using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Netlink;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.KernelTests.Netlink;

public sealed class NetlinkInterfacesTests : IDisposable
{
    private readonly NetworkNamespace _space = NetworkNamespace.Create();
    private readonly NetlinkInterfaces _interfaces;
    private readonly ChangeLog _log;

    public NetlinkInterfacesTests()
    {
        _interfaces = _space.Run(() => new NetlinkInterfaces(NullLogger<NetlinkInterfaces>.Instance));
        _log = new ChangeLog(_interfaces);
    }

    public void Dispose()
    {
        _log.Dispose();
        _interfaces.Dispose();
        _space.Dispose();
    }

    [Fact]
    public void Current_NewNamespace_HasLoopbackOnly()
    {
        var loopback = Assert.Single(_interfaces.Current.All);
        Assert.Equal("lo", loopback.Name);
        Assert.Equal(1U, loopback.Ifindex);
        Assert.True(loopback.IsUp);
        Assert.Null(loopback.Kind);
        Assert.Equal(65536U, loopback.Mtu);
        Assert.Equal(Reported(XdpFeatures.None), loopback.XdpFeatures);
    }

    [Fact]
    public void Query_TunAndTap_TellsWhichHasEthernetHeaders()
    {
        _space.Shell("ip", "tuntap", "add", "dev", "ktun", "mode", "tun");
        _space.Shell("ip", "tuntap", "add", "dev", "ktap", "mode", "tap");

        Assert.Equal((false, true, true), (Carries("ktun"), Carries("ktap"), Carries("lo")));

        bool Carries(string name) => _interfaces.Query(name)!.CarriesEthernet;
    }

    [Fact]
    public void Refresh_PromiscuousOnAndOff_IsSeen()
    {
        using var pair = VethPair.Create(_space);
        Assert.False(IsPromiscuous());
        _space.Shell("ip", "link", "set", "dev", pair.Name, "promisc", "on");
        Assert.True(IsPromiscuous());
        _space.Shell("ip", "link", "set", "dev", pair.Name, "promisc", "off");
        Assert.False(IsPromiscuous());

        bool IsPromiscuous() => _interfaces.Refresh().Find(pair.Name)!.IsPromiscuous;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Query_Offloads_OfAVethAndItsPeerAnywhere(bool beside)
    {
        if (!beside)
            KernelNeeds.Feature(KernelFeatureNames.PeerOffloads);
        using var elsewhere = NetworkNamespace.Create();
        using var pair = VethPair.Create(_space, new VethOptions { PeerNamespace = beside ? null : elsewhere, PeerOffloads = true });
        const Offloads All = Offloads.SendsPartialChecksums | Offloads.SendsSegments | Offloads.SendsTagsBeside;
        Assert.Equal(All | Offloads.ReceivesTagsBeside, _interfaces.Query(pair.Name)!.Offloads);
        Assert.Equal(All, OfPeer());

        foreach (var (feature, offload) in new[] { ("txvlan", Offloads.None), ("tx-vlan-stag-hw-insert", Offloads.SendsTagsBeside), ("tso", Offloads.None), ("tx-udp-segmentation", Offloads.None), ("tx-sctp-segmentation", Offloads.None), ("tx-gso-list", Offloads.SendsSegments), ("tx", Offloads.SendsPartialChecksums) })
        {
            var before = OfPeer();
            pair.PeerNamespace.Shell("ethtool", "-K", pair.PeerName, feature, "off");
            Assert.Equal(before & ~offload, OfPeer());
        }

        Offloads OfPeer() => (beside ? _interfaces.Query(pair.PeerName)!.Offloads : _space.Run(() => _interfaces.Query(pair.Name))!.PeerOffloads)!.Value & ~Offloads.ReceivesTagsBeside;
    }

    [Fact]
    public void Query_HostThatDoesNotShowPeers_HasNoOffloadsOfThem()
    {
        using var elsewhere = NetworkNamespace.Create();
        using var pair = VethPair.Create(_space, new VethOptions { PeerNamespace = elsewhere });
        using var interfaces = _space.Run(() => new NetlinkInterfaces(NullLogger<NetlinkInterfaces>.Instance, peeks: false));
        var info = interfaces.Query(pair.Name)!;
        Assert.Equal((true, false), (info.Offloads is not null, info.PeerOffloads is not null));
    }

    [Fact]
    public void SetPromiscuous_ChangesTheFlagAlone_AndIsSeenAtOnce()
    {
        using var pair = VethPair.Create(_space);
        using var capture = FrameSocket.Open(_space, pair.Name);
        var ifindex = _interfaces.Query(pair.Name)!.Ifindex;
        var before = _interfaces.Refresh().Find(ifindex)!;
        Assert.Equal((true, false), (before.IsPromiscuous, before.HasPromiscuousFlag)); // the capture asks for it, without the flag

        _interfaces.SetPromiscuous(new WriterScope(granted: true), ifindex, promiscuous: true);
        Assert.Equal(before with { HasPromiscuousFlag = true }, _interfaces.Refresh().Find(ifindex));
        _interfaces.SetPromiscuous(new WriterScope(granted: true), ifindex, promiscuous: false);
        Assert.Equal(before, _interfaces.Refresh().Find(ifindex));

        Assert.Equal(Errno.ENODEV, Assert.Throws<KernelException>(() => _interfaces.SetPromiscuous(new WriterScope(granted: true), 12345, promiscuous: true)).Errno);
        Assert.Throws<InvalidOperationException>(() => _interfaces.SetPromiscuous(default, ifindex, promiscuous: true));
    }

    [Fact]
    public void Query_Veth_TellsEveryField()
    {
        using var pair = VethPair.Create(_space, new VethOptions { Mtu = 1400 });
        _space.Shell("ip", "link", "set", "dev", pair.Name, "address", "02:00:00:aa:bb:cc");

        var info = _interfaces.Query(pair.Name);

        Assert.NotNull(info);
        Assert.Equal(pair.Ifindex, info.Ifindex);
        Assert.Equal(pair.Name, info.Name);
        Assert.Equal("veth", info.Kind);
        Assert.Equal("02:00:00:aa:bb:cc", info.Mac?.ToString());
        Assert.Equal(1400U, info.Mtu);
        Assert.True(info.IsUp);
        Assert.True(info.HasCarrier);
        Assert.Equal(pair.PeerIfindex, info.LinkIfindex);
        Assert.True(info.TxQueues > 0);
        Assert.True(info.RxQueues > 0);
        Assert.Null(info.XdpMode);
        Assert.Null(info.XdpProgramId);
        Assert.Equal(Reported(XdpFeatures.Basic | XdpFeatures.Redirect | XdpFeatures.RxSg), info.XdpFeatures);
        Assert.Equal(info, _interfaces.Query(info.Ifindex));
    }

    [Fact]
    public void Query_VethWithItsPeerElsewhere_KnowsNoPeerOfThatIndex()
    {
        using var elsewhere = NetworkNamespace.Create();
        using var pair = VethPair.Create(_space, new VethOptions { PeerNamespace = elsewhere });
        using var near = VethPair.Create(_space);

        var info = _interfaces.Query(pair.Name)!;

        Assert.Equal(pair.PeerIfindex, info.LinkIfindex);
        Assert.NotNull(info.LinkNetnsId);
        Assert.Null(_interfaces.Current.FindEnabler(info));
        var (one, other) = (_interfaces.Query(near.Name)!, _interfaces.Query(near.PeerName)!);
        Assert.Null(one.LinkNetnsId);
        Assert.Equal(other, InterfaceTable.Empty.With(one).With(other).FindEnabler(one));
    }

    [Theory]
    [InlineData("tap", "tuntap add dev DEV mode tap", true)]
    [InlineData("tun", "tuntap add dev DEV mode tun", false)]
    [InlineData("bridge", "link add name DEV type bridge", false)]
    public void FindEnabler_OfOtherDevices_IsThemselvesWhereTheDriverHasXdp(string kind, string command, bool itself)
    {
        const string name = "other0";
        _space.Shell("ip", command.Replace("DEV", name, StringComparison.Ordinal).Split(' '));

        var info = _interfaces.Query(name)!;

        // Where the kernel does not report features, the kind says that a tap needs no program.
        itself &= KernelNeeds.Has(KernelFeatureNames.XdpFeatures);
        Assert.Equal(itself ? info : null, _interfaces.Current.With(info).FindEnabler(info));
        // Of these the tap alone accepts redirected frames, and does so without a program.
        Assert.Equal(kind == "tap" ? Reported(XdpFeatures.NdoXmit) : Reported(XdpFeatures.None), info.XdpFeatures & XdpFeatures.NdoXmit);
    }

    [Theory]
    [InlineData("nosuch0")]
    [InlineData("")]
    [InlineData("name-of-17-bytes-")]
    [InlineData("with/slash")]
    public void Query_MissingName_IsNull(string name) => Assert.Null(_interfaces.Query(name));

    [Theory]
    [InlineData(0U)]
    [InlineData(987654U)]
    [InlineData(uint.MaxValue)]
    public void Query_MissingIfindex_IsNull(uint ifindex) => Assert.Null(_interfaces.Query(ifindex));

    [Fact]
    public void AltNames_SoManyThatALinkMessageHasTensOfKilobytes_NothingIsTruncated()
    {
        using var pair = VethPair.Create(_space);
        string[] names = [.. Enumerable.Range(0, 480).Select(i => $"x{i:000}".PadRight(InterfaceName.MaxAltBytes, 'y'))];
        foreach (var batch in names.Chunk(120))
        {
            _space.ShellWithInput(string.Concat(batch.Select(n => $"link property add dev {pair.Name} altname {n}\n")), "ip", "-batch", "-");
            var table = _interfaces.Refresh();
            Assert.Equal(names[..(Array.IndexOf(names, batch[^1]) + 1)], table.Find(pair.Name)!.AltNames);
            Assert.Equal(pair.Name, table.Find(batch[^1])?.Name);
        }

        _space.Shell("ip", "link", "set", "dev", pair.Name, "mtu", "1300");
        Assert.Equal(1300U, _interfaces.Refresh().Find(pair.Name)!.Mtu);
        Assert.Equal(names, _interfaces.Query(names[479])!.AltNames);
        using var started = _space.Run(() => new NetlinkInterfaces(NullLogger<NetlinkInterfaces>.Instance));
        Assert.Equal(names, started.Current.Find(pair.Ifindex)!.AltNames);
        Assert.Equal(_interfaces.Current.Find(pair.Ifindex), started.Current.Find(pair.Ifindex));
    }

    [Fact]
    public void IsHardware_OfVirtualDevices_IsFalse()
    {
        using var pair = VethPair.Create(_space);
        _space.ShellWithInput("link add hwbr type bridge\nlink add hwdummy type ifb\ntuntap add dev hwtap mode tap\n", "ip", "-batch", "-");
        Assert.DoesNotContain(_interfaces.Refresh().All, i => i.IsHardware);
    }

    [Theory]
    [InlineData("fifteen.letters")]
    [InlineData("a.b@c")]
    [InlineData("übergrößen")]
    public async Task Names_AllTheKernelTakes_AreFound(string name)
    {
        using var pair = VethPair.Create(_space, new VethOptions { Name = name });

        Assert.Equal(pair.Ifindex, _interfaces.Query(name)?.Ifindex);
        await Eventually.Async(() => _interfaces.Current.Find(name)?.Ifindex == pair.Ifindex);
    }

    [Fact]
    public async Task Current_AddedAndDeleted_Follows()
    {
        var pair = VethPair.Create(_space);
        await _log.ExpectAsync(pair.Name);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name) is { IsUp: true, HasCarrier: true });
        Assert.Equal(_interfaces.Query(pair.Name), _interfaces.Current.Find(pair.Name));

        pair.Delete();
        await Eventually.Async(() => _interfaces.Current.Count == 1);
        await _log.ExpectAsync(pair.Name);
        Assert.Null(_interfaces.Query(pair.Name));
    }

    [Fact]
    public async Task Current_DownAndUpAndCarrier_Follows()
    {
        using var pair = VethPair.Create(_space);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name) is { IsUp: true, HasCarrier: true });

        pair.SetPeerUp(false);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name) is { IsUp: true, HasCarrier: false });
        pair.SetUp(false);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name) is { IsUp: false, HasCarrier: false });
        pair.SetPeerUp(true);
        pair.SetUp(true);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name) is { IsUp: true, HasCarrier: true });
    }

    [Fact]
    public async Task Current_Mtu_Follows()
    {
        using var pair = VethPair.Create(_space);
        _space.Shell("ip", "link", "set", "dev", pair.Name, "mtu", "1234");
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name)?.Mtu == 1234);
    }

    [Fact]
    public async Task Current_Renamed_TellsBothNames()
    {
        using var pair = VethPair.Create(_space);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name) is { HasCarrier: true });
        var (ifindex, name) = (pair.Ifindex, LabNames.Next());
        using var changes = new ChangeLog(_interfaces);

        _space.Rename((pair.Name, name));

        await changes.ExpectAsync(pair.Name);
        await changes.ExpectAsync(name);
        await Eventually.Async(() => _interfaces.Current.Find(name)?.Ifindex == ifindex);
        Assert.Null(_interfaces.Current.Find(pair.Name));
        Assert.Null(_interfaces.Query(pair.Name));
    }

    [Fact]
    public async Task Current_NamesExchanged_Follows()
    {
        using var first = VethPair.Create(_space);
        using var second = VethPair.Create(_space);
        var (firstIfindex, secondIfindex) = (first.Ifindex, second.Ifindex);

        _space.Rename((first.Name, "between"), (second.Name, first.Name), ("between", second.Name));

        await Eventually.Async(() => _interfaces.Current.Find(first.Name)?.Ifindex == secondIfindex
            && _interfaces.Current.Find(second.Name)?.Ifindex == firstIfindex);
        Assert.Equal(5, _interfaces.Current.Count);
        Assert.Null(_interfaces.Current.Find("between"));
    }

    [Fact]
    public async Task Watch_RenamedAwayAndBackBetweenTurns_TellsTheName()
    {
        using var pair = VethPair.Create(_space);
        using var trigger = VethPair.Create(_space);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name)?.HasCarrier == true && _interfaces.Current.Find(trigger.Name)?.HasCarrier == true);
        using var held = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        using var hold = _interfaces.Watch(_ =>
        {
            held.Set();
            gate.Wait(TimeSpan.FromSeconds(30));
        });
        _space.Shell("ip", "link", "set", "dev", trigger.Name, "mtu", "1300");
        Assert.True(held.Wait(TimeSpan.FromSeconds(15)));
        using var changes = new ChangeLog(_interfaces);

        _space.ShellWithInput(
            $"link set dev {pair.Name} down\nlink set dev {pair.Name} name away\nlink set dev away name {pair.Name}\nlink set dev {pair.Name} up\n",
            "ip", "-batch", "-");
        gate.Set();

        await changes.ExpectAsync("away");
        await changes.ExpectAsync(pair.Name);
    }

    [Fact]
    public async Task Current_MovedAwayAndBack_Follows()
    {
        using var elsewhere = NetworkNamespace.Create();
        using var pair = VethPair.Create(_space);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name) is { HasCarrier: true });
        using var changes = new ChangeLog(_interfaces);

        _space.Shell("ip", "link", "set", "dev", pair.Name, "netns", elsewhere.Path);
        await changes.ExpectAsync(pair.Name);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name) is null);

        elsewhere.Shell("ip", "link", "set", "dev", pair.Name, "netns", _space.Path);
        await changes.ExpectAsync(pair.Name);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name) is not null);
    }

    [Fact]
    public async Task Current_Recreated_HasTheNewIndex()
    {
        using var pair = VethPair.Create(_space);
        var before = pair.Ifindex;
        pair.Delete();

        using var again = VethPair.Create(_space, new VethOptions { Name = pair.Name });

        Assert.NotEqual(before, again.Ifindex);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name)?.Ifindex == again.Ifindex);
        Assert.Null(_interfaces.Current.Find(before));
    }

    [Fact]
    public async Task Watch_RecreatedUnderTheSameIndex_TellsTheName()
    {
        const string Add = "link add name same index 777 type veth peer name same-peer\n";
        _space.ShellWithInput(Add, "ip", "-batch", "-");
        await Eventually.Async(() => _interfaces.Current.Find("same") is not null);
        using var changes = new ChangeLog(_interfaces);

        _space.ShellWithInput($"link del dev same\n{Add}", "ip", "-batch", "-");

        await changes.ExpectAsync("same");
        await Eventually.Async(() => _interfaces.Current.Find("same")?.Ifindex == 777);
    }

    [Fact]
    public async Task XdpFeatures_PeerGetsGro_NdoXmitAppearsAndGoes()
    {
        KernelNeeds.Feature(KernelFeatureNames.XdpFeatures);
        using var pair = VethPair.Create(_space);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name)?.XdpFeatures?.HasFlag(XdpFeatures.NdoXmit) == false);

        pair.EnablePeerReceive();
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name)?.XdpFeatures?.HasFlag(XdpFeatures.NdoXmit) == true);
        Assert.True(_interfaces.Query(pair.Name)?.XdpFeatures?.HasFlag(XdpFeatures.NdoXmit));

        pair.DisablePeerReceive();
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name)?.XdpFeatures?.HasFlag(XdpFeatures.NdoXmit) == false);
    }

    [Theory]
    [InlineData("xdpdrv", AttachMode.Native)]
    [InlineData("xdpgeneric", AttachMode.Generic)]
    public async Task Xdp_Attached_TellsModeAndProgram(string flag, AttachMode mode)
    {
        using var pair = VethPair.Create(_space);
        using var program = new XdpPassObject();

        _space.Shell("ip", "link", "set", "dev", pair.Name, flag, "obj", program.Path, "sec", "xdp");
        var info = _interfaces.Query(pair.Name);

        Assert.Equal(mode, info?.XdpMode);
        Assert.True(info?.XdpProgramId > 0);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name) == info);
        Assert.Equal(Reported(mode == AttachMode.Native ? XdpFeatures.NdoXmit : XdpFeatures.None), _interfaces.Query(pair.PeerName)?.XdpFeatures & XdpFeatures.NdoXmit);

        _space.Shell("ip", "link", "set", "dev", pair.Name, flag, "off");
        Assert.Null(_interfaces.Query(pair.Name)?.XdpMode);
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name)?.XdpMode is null);
    }

    [Fact]
    public async Task Current_ManyAtOnce_HasAll()
    {
        const int Pairs = 100;
        AddPairs(_space, Pairs);

        await Eventually.Async(() => _interfaces.Current.Count == 1 + (2 * Pairs));
        Assert.False(_log.Everything);
        Assert.Equal(_space.InterfaceNames().Order(StringComparer.Ordinal), _interfaces.Current.All.Select(i => i.Name).Order(StringComparer.Ordinal));
        Assert.All(_interfaces.Current.All, info => Assert.Equal(_interfaces.Query(info.Ifindex), info));
        Assert.True(_log.Has("many1") && _log.Has($"peer{Pairs}"));
    }

    [Fact]
    public void Current_AtTheStart_HasEveryFieldOfAll()
    {
        const int Pairs = 100;
        AddPairs(_space, Pairs);

        using var started = _space.Run(() => new NetlinkInterfaces(NullLogger<NetlinkInterfaces>.Instance));

        Assert.Equal(1 + (2 * Pairs), started.Current.Count);
        Assert.All(started.Current.All, info => Assert.Equal(started.Query(info.Ifindex), info));
    }

    [Fact]
    public async Task Current_NotificationsLost_EndsRightAndSaysEverything()
    {
        const int Pairs = 100;
        using var small = _space.Run(() => new NetlinkInterfaces(NullLogger<NetlinkInterfaces>.Instance, receiveBufferBytes: 1));
        using var gate = new ManualResetEventSlim();
        using var log = new ChangeLog(small);
        using var block = small.Watch(_ => gate.Wait(TimeSpan.FromSeconds(30)));

        AddPairs(_space, Pairs);
        _space.ShellWithInput(string.Concat(Enumerable.Range(1, Pairs / 2).Select(i => $"link del many{i}\n")), "ip", "-batch", "-");
        gate.Set();

        await Eventually.Async(() => small.Current.Count == 1 + Pairs);
        await Eventually.Async(() => log.Everything);
        Assert.All(small.Current.All, info => Assert.Equal(small.Query(info.Ifindex), info));
        Assert.Null(small.Current.Find("many1"));

        // And it goes on to listen.
        _space.Shell("ip", "link", "set", "dev", $"many{Pairs}", "mtu", "1300");
        await Eventually.Async(() => small.Current.Find($"many{Pairs}")?.Mtu == 1300);
    }

    [Fact]
    public void Refresh_WithoutAChange_ReturnsTheSameTable()
    {
        using var pair = VethPair.Create(_space);
        var table = _interfaces.Refresh();
        // A carrier is announced late: until nothing new has come for a while.
        for (var quiet = 0; quiet < 5; quiet++)
        {
            Thread.Sleep(20);
            if (!ReferenceEquals(table, _interfaces.Refresh()))
                (table, quiet) = (_interfaces.Current, -1);
        }

        for (var round = 0; round < 100; round++)
            Assert.Same(table, _interfaces.Refresh());
        Assert.Same(table, _interfaces.Current);
    }

    [Fact]
    public void Refresh_WhileAWatcherBlocksTheMonitor_IsUpToDate()
    {
        using var held = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        using var hold = _interfaces.Watch(_ =>
        {
            held.Set();
            gate.Wait(TimeSpan.FromSeconds(30));
        });
        using var first = VethPair.Create(_space);
        Assert.True(held.Wait(TimeSpan.FromSeconds(15)));

        using var second = VethPair.Create(_space);
        Assert.Equal(_interfaces.Query(second.Name), _interfaces.Refresh().Find(second.Name));
        second.EnablePeerReceive();
        Assert.Equal(Reported(XdpFeatures.NdoXmit), _interfaces.Refresh().Find(second.Name)?.XdpFeatures & XdpFeatures.NdoXmit);
        second.DisablePeerReceive();
        Assert.Equal(Reported(XdpFeatures.None), _interfaces.Refresh().Find(second.Name)?.XdpFeatures & XdpFeatures.NdoXmit);
        second.Delete();
        Assert.Null(_interfaces.Refresh().Find(second.Name));
        gate.Set();
    }

    [Fact]
    public void Refresh_MovedToAnotherNamespaceAndBack_FollowsAtOnce()
    {
        using var elsewhere = NetworkNamespace.Create();
        using var pair = VethPair.Create(_space);
        _space.Shell("ip", "link", "set", "dev", pair.Name, "netns", elsewhere.Path);
        Assert.Null(_interfaces.Refresh().Find(pair.Name));
        elsewhere.Shell("ip", "link", "set", "dev", pair.Name, "netns", _space.Path);
        Assert.NotNull(_interfaces.Refresh().Find(pair.Name));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(LinkMonitor.DefaultReceiveBufferBytes)]
    public void Refresh_AfterManyChanges_HasAll(int receiveBufferBytes)
    {
        const int Pairs = 200;
        using var interfaces = _space.Run(() => new NetlinkInterfaces(NullLogger<NetlinkInterfaces>.Instance, receiveBufferBytes));
        using var gate = new ManualResetEventSlim();
        using var log = new ChangeLog(interfaces);
        using var block = interfaces.Watch(_ => gate.Wait(TimeSpan.FromSeconds(30)));

        AddPairs(_space, Pairs);
        Assert.Equal(1 + (2 * Pairs), interfaces.Refresh().Count);
        _space.ShellWithInput(string.Concat(Enumerable.Range(1, Pairs).Select(i => $"link del many{i}\n")), "ip", "-batch", "-");
        Assert.Equal(1, interfaces.Refresh().Count);
        gate.Set();
    }

    [Fact]
    public async Task Refresh_ManyThreadsWhileLinksComeAndGo_EachSeesItsOwn()
    {
        await Task.WhenAll(Enumerable.Range(1, 4).Select(i => Task.Run(() =>
        {
            for (var round = 0; round < 25; round++)
            {
                var name = $"own{i}-{round}";
                _space.Shell("ip", "link", "add", "name", name, "type", "veth", "peer", "name", $"p{i}-{round}");
                Assert.NotNull(_interfaces.Refresh().Find(name));
                _space.Shell("ip", "link", "del", "dev", name);
                Assert.Null(_interfaces.Refresh().Find(name));
            }
        })));
        await Eventually.Async(() => _log.Has("own1-0") && _log.Has("own4-24"));
    }

    [Fact]
    public async Task Query_ManyThreads_EachGetsItsOwnAnswer()
    {
        AddPairs(_space, 8);
        await Task.WhenAll(Enumerable.Range(1, 8).Select(i => Task.Run(() =>
        {
            for (var round = 0; round < 300; round++)
            {
                Assert.Equal($"many{i}", _interfaces.Query($"many{i}")?.Name);
                Assert.Null(_interfaces.Query("missing"));
            }
        })));
    }

    [Fact]
    public async Task Watch_OneFails_OthersAndMonitorGoOn()
    {
        using var broken = _interfaces.Watch(_ => throw new InvalidOperationException("broken watcher"));
        using var after = new ChangeLog(_interfaces);
        using var pair = VethPair.Create(_space);
        await after.ExpectAsync(pair.Name);

        _space.Shell("ip", "link", "set", "dev", pair.Name, "mtu", "1300");
        await Eventually.Async(() => _interfaces.Current.Find(pair.Name)?.Mtu == 1300);
    }

    [Fact]
    public async Task Watch_Disposed_IsNotCalled()
    {
        var ended = new ChangeLog(_interfaces);
        ended.Dispose();
        using var pair = VethPair.Create(_space);
        await _log.ExpectAsync(pair.Name);
        Assert.False(ended.Has(pair.Name));
    }

    [Fact]
    public void Dispose_FromAWatcher_Ends()
    {
        using var ended = new ManualResetEventSlim();
        var interfaces = _space.Run(() => new NetlinkInterfaces(NullLogger<NetlinkInterfaces>.Instance));
        interfaces.Watch(_ =>
        {
            interfaces.Dispose();
            ended.Set();
        });
        using var pair = VethPair.Create(_space);
        Assert.True(ended.Wait(TimeSpan.FromSeconds(15)));
    }

    // The kernel's answer: null from a kernel without xdp-features.
    private static XdpFeatures? Reported(XdpFeatures features) => KernelNeeds.Has(KernelFeatureNames.XdpFeatures) ? features : null;

    private static void AddPairs(NetworkNamespace space, int count) => space.ShellWithInput(
        string.Concat(Enumerable.Range(1, count).Select(i => $"link add name many{i} type veth peer name peer{i}\n")), "ip", "-batch", "-");
}
