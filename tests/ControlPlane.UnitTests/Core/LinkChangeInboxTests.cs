using ControlPlane.Core.Writing.Loop;
using ControlPlane.Simulation;

namespace ControlPlane.UnitTests.Core;

/// <summary>Changes of links wait as a set of names until the writer takes them.</summary>
public sealed class LinkChangeInboxTests
{
    private readonly SimulatedHost _host = SimulatedHost.WithInterfaces();

    [Fact]
    public void Take_NamesThatStay_AreReadWhileChangesGoOn()
    {
        using var inbox = Open();
        Change("sim0");
        Change("sim1");

        var (changes, later) = inbox.Take(new HashSet<string> { "sim1" })!.Value;
        using var reading = later.GetEnumerator();
        Assert.True(reading.MoveNext());
        Change("sim2");

        Assert.False(reading.MoveNext());
        Assert.Equal(["sim0"], changes.Names);
        Assert.Equal(["sim1", "sim2"], inbox.Take(new HashSet<string>())!.Value.Changes.Names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Take_OnlyNamesThatStay_IsNothing()
    {
        using var inbox = Open();
        Change("sim1");

        Assert.Null(inbox.Take(new HashSet<string> { "sim1" }));
        Assert.False(inbox.IsEmpty);
        Assert.Equal(["sim1"], inbox.Take(new HashSet<string>())!.Value.Changes.Names);
        Assert.True(inbox.IsEmpty);
    }

    private LinkChangeInbox Open()
    {
        var inbox = new LinkChangeInbox(() => { });
        inbox.Watch(new SimulatedKernel(_host));
        return inbox;
    }

    private void Change(string name) => _host.ChangeInterface(name, i => i with { Mtu = i.Mtu + 1 });
}
