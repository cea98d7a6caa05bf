using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.UnitTests.Core;

public sealed class WriterQueueTests
{
    private static readonly Caller _root = new("unix") { Peer = new UnixPeer(0, 0, 1, [], null) };

    [Fact]
    public void Take_ServesCallersInTurn_AndEachInItsOrder()
    {
        var queue = new WriterQueue(new WriterOptions());
        foreach (var name in new[] { "a1", "a2", "a3", "b1", "a4", "c1", "b2" })
            Assert.Null(queue.Add(Command(Token(name[..1]), name)));

        Assert.Equal(7, queue.Count);
        Assert.Equal(["a1", "b1", "c1", "a2", "b2", "a3", "a4"], TakeAll(queue));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void Add_BeyondThePlacesOfACaller_RefusesThatCallerAlone()
    {
        var queue = new WriterQueue(new WriterOptions { QueuePerCaller = 2 });
        Assert.Null(queue.Add(Command(Token("a"), "a1")));
        Assert.Null(queue.Add(Command(Token("a"), "a2")));

        var refusal = queue.Add(Command(Token("a"), "a3"));

        Assert.Equal(ErrorCode.WriterBusy, refusal?.Code);
        Assert.Contains("token a", refusal!.Detail, StringComparison.Ordinal);
        Assert.Equal(refusal.Detail, queue.FindRefusal(Token("a"))?.Detail);
        Assert.Null(queue.FindRefusal(Token("b")));
        Assert.Null(queue.Add(Command(Token("b"), "b1")));
        Assert.Equal((0, 2), (queue.Refused.InAll, queue.Refused.OfCaller));
        Assert.True(queue.TryTake(out _));
        Assert.Null(queue.Add(Command(Token("a"), "a4")));
    }

    [Fact]
    public void Add_CommandThatWritesMany_CountsAsSoMany()
    {
        var queue = new WriterQueue(new WriterOptions { QueuePerCaller = 4 });
        Assert.Null(queue.Add(Command(Token("a"), "a1", weight: 3)));
        Assert.Null(queue.Add(Command(Token("a"), "a2", weight: 3)));

        Assert.Equal(ErrorCode.WriterBusy, queue.Add(Command(Token("a"), "a3"))?.Code);

        Assert.Equal(6, queue.Count);
        Assert.Null(queue.Add(Command(Token("b"), "b1", weight: 100)));
        Assert.Equal(["a1", "b1", "a2"], TakeAll(queue));
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void Add_FullQueue_HasPlacesForRootAndTheDaemon()
    {
        var queue = new WriterQueue(new WriterOptions { QueueCapacity = 1 });
        Assert.Null(queue.Add(Command(Token("a"), "a1")));

        Assert.Equal(ErrorCode.WriterBusy, queue.Add(Command(Token("b"), "b1"))?.Code);
        Assert.Equal(ErrorCode.WriterBusy, queue.Add(Command(_root with { Token = "t" }, "t1"))?.Code);
        Assert.Null(queue.Add(Command(Caller.Daemon, "d1")));
        for (var i = 1; i < WriterOptions.Reserve; i++)
            Assert.Null(queue.Add(Command(_root, $"r{i}")));
        Assert.Equal(ErrorCode.WriterBusy, queue.Add(Command(_root, "r"))?.Code);
        Assert.Equal((3, 0), (queue.Refused.InAll, queue.Refused.OfCaller));
    }

    [Fact]
    public void OneCaller_CannotFillASmallQueue()
    {
        var queue = new WriterQueue(new WriterOptions { QueueCapacity = 8 });
        for (var i = 0; i < 4; i++)
            Assert.Null(queue.Add(Command(Token("a"), $"a{i}")));

        Assert.Contains("token a", queue.Add(Command(Token("a"), "a4"))!.Detail, StringComparison.Ordinal);
        Assert.Null(queue.Add(Command(Token("b"), "b0")));
    }

    [Fact]
    public async Task Wait_EndsByACommandByWakeAndByClose()
    {
        var queue = new WriterQueue(new WriterOptions());
        queue.Wake();
        Assert.True(queue.Wait());
        Assert.False(queue.TryTake(out _));

        var waiting = Task.Run(queue.Wait);
        Assert.Null(queue.Add(Command(Token("a"), "a1")));
        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(30)));

        queue.Close();
        Assert.Equal(ErrorCode.ShuttingDown, queue.Add(Command(Token("a"), "a2"))?.Code);
        Assert.True(queue.Wait());
        Assert.Equal(["a1"], TakeAll(queue));
        Assert.False(queue.Wait());
    }

    [Fact]
    public void Account_IsThatOfTheCredentials_ElseOfTheConnection()
    {
        Assert.Equal("token ci", (_root with { Token = "ci" }).Account.ToString());
        Assert.Equal("uid 0", _root.Account.ToString());
        Assert.Equal("devmapd", Caller.Daemon.Account.ToString());
        Assert.Equal("certificate uri:a", new Caller("192.0.2.1:7") { Certificate = "uri:a" }.Account.ToString());
        Assert.Equal("address 192.0.2.1", new Caller("192.0.2.1:7").Account.ToString());
        Assert.Equal("address ::1", new Caller("::1:7").Account.ToString());
        Assert.Equal(new Caller("192.0.2.1:7").Account, new Caller("192.0.2.1:8").Account);
        Assert.NotEqual(new Caller("unix") { Token = "a" }.Account, new Caller("unix") { Token = "b" }.Account);
    }

    private static Caller Token(string name) => new("127.0.0.1:1") { Token = name };

    private static ApplyEntriesCommand Command(Caller caller, string name, int weight = 1) =>
        new(new EntryWrite[weight], _ => name) { Request = new RequestContext(caller, name, default, new Violations(), default) };

    private static List<string> TakeAll(WriterQueue queue)
    {
        var names = new List<string>();
        while (queue.TryTake(out var command))
            names.Add(command.Request.RequestId);
        return names;
    }
}
