using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.TestCommon.Contract;

/// <summary>The part about the actions of entries.</summary>
public abstract partial class KernelContract
{
    private static readonly Dictionary<string, EntryActions> s_actions = new()
    {
        ["nothing"] = new(),
        ["source"] = new(SourceMac: s_source),
        ["destination"] = new(DestinationMac: s_destination),
        ["set"] = new(SetVlan: 4094),
        ["push"] = new(PushVlan: 1),
        ["pop"] = new(PopVlan: true),
        ["ttl"] = new(DecrementTtl: true),
        ["hop and set"] = new(s_source, s_destination, SetVlan: 77, DecrementTtl: true),
        ["hop and push"] = new(s_source, s_destination, PushVlan: 77, DecrementTtl: true),
        ["hop and pop"] = new(s_source, s_destination, PopVlan: true, DecrementTtl: true),
    };

    public static TheoryData<string> NamesOfActions { get; } = [.. s_actions.Keys];

    [Fact]
    public void Actions_AreThoseOfTheLastUpdate_AndGoWithTheElement()
    {
        var scope = new WriterScope(true);
        var (target, other) = (NewInterface(), NewInterface());
        using var devmap = _kernel.OpenDevmap(scope, Small);
        devmap.Update(scope, 7, target.Ifindex, null, actions: s_actions["hop and push"]);
        devmap.Update(scope, 8, target.Ifindex, null);
        Assert.Equal((s_actions["hop and push"], null, null), (devmap.ReadActions(7), devmap.ReadActions(8), devmap.ReadActions(9)));

        devmap.Update(scope, 7, other.Ifindex, null, replaces: true, s_actions["pop"]);
        Assert.Equal(s_actions["pop"], devmap.ReadActions(7));
        Assert.True(devmap.TryLookup(7, out var element));
        Assert.Equal(other.Ifindex, element.Ifindex);
        devmap.Update(scope, 7, other.Ifindex, null);
        Assert.Null(devmap.ReadActions(7));
        devmap.Update(scope, 7, other.Ifindex, null, replaces: true, s_actions["nothing"]);
        Assert.Null(devmap.ReadActions(7));

        devmap.Update(scope, 7, other.Ifindex, null, replaces: null, s_actions["ttl"]);
        Assert.True(devmap.Delete(scope, 7));
        Assert.Null(devmap.ReadActions(7));
        devmap.Update(scope, 7, other.Ifindex, null, replaces: false);
        Assert.Null(devmap.ReadActions(7));
        Assert.Empty(devmap.ReadActionCounts());
    }

    [Fact]
    public void Actions_OfAnUpdateThatTheKernelRefuses_AreThoseOfBefore()
    {
        var scope = new WriterScope(true);
        var target = NewInterface();
        using var devmap = _kernel.OpenDevmap(scope, Small);
        devmap.Update(scope, 7, target.Ifindex, null, actions: s_actions["hop and set"]);

        Assert.Equal(Errno.EINVAL, Refused(() => devmap.Update(new WriterScope(true), 7, 2_000_000_000, null, actions: s_actions["pop"])));
        Assert.Equal(Errno.EINVAL, Refused(() => devmap.Update(new WriterScope(true), 8, 2_000_000_000, null, actions: s_actions["pop"])));

        Assert.Equal((s_actions["hop and set"], null), (devmap.ReadActions(7), devmap.ReadActions(8)));
    }

    [Fact]
    public void Actions_AfterARestart_AreAsTheyWere()
    {
        var scope = new WriterScope(true);
        var target = NewInterface();
        using (var devmap = _kernel.OpenDevmap(scope, Small))
        {
            devmap.Update(scope, 1, target.Ifindex, null, actions: s_actions["hop and set"]);
            devmap.Update(scope, 2, target.Ifindex, null);
        }

        _kernel.Dispose();
        using var restarted = _testbed.Open();
        using var adopted = restarted.OpenDevmap(scope, Small);
        Assert.Equal((s_actions["hop and set"], null), (adopted.ReadActions(1), adopted.ReadActions(2)));
    }

    [Theory]
    [MemberData(nameof(NamesOfActions))]
    public void DryRunOfActions_DoesToAFrameWhatTheyDo(string name)
    {
        var frames = s_frames.Append(new("last hop", ActionOracle.WithHops(Frames.Udp(s_mark), 1)))
            .Append(new("IPv6", ActionOracle.WithHops(Frames.Raw(s_mark, 0x86dd, tags: VlanTag.Service(9)), 64)))
            .Append(new("IPv6, last hop", ActionOracle.WithHops(Frames.Raw(s_mark, 0x86dd), 1)))
            .Append(new("IPv4 cut off", Frames.Udp(s_mark)[..33]))
            .Append(new("three tags", Frames.Udp(s_mark, tags: [VlanTag.Service(1), new VlanTag(2), new VlanTag(3)])));
        foreach (var (kind, frame) in frames)
        {
            var before = frame.ToArray();

            var verdict = _kernel.Actions.DryRun(s_actions[name], frame);

            var (outcome, after) = ActionOracle.After(s_actions[name], frame);
            Assert.True(outcome == verdict.Outcome, $"{name}, {kind}: {verdict.Outcome}, not {outcome}");
            Assert.True(verdict.Frame.Span.SequenceEqual(after ?? frame), $"{name}, {kind}: {Convert.ToHexString(verdict.Frame.Span)}");
            Assert.Equal(before, frame);
        }
    }

    [Fact]
    public void DryRunOfActions_OfLessThanAHeader_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _kernel.Actions.DryRun(new EntryActions(), new byte[13]));
}
