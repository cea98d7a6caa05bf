using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>The check of histories itself: it accepts what one call at a time explains, and nothing else.</summary>
public sealed class LinearizationTests
{
    private static readonly Operation ToSim1 = new Operation.PutEntry(SmallSetup.ByVlan.Name, "1", "sim1", null, 1, AllowPending: false);
    private static readonly Operation ToSim2 = new Operation.PutEntry(SmallSetup.ByVlan.Name, "1", "sim2", null, 1, AllowPending: false);
    private static readonly Operation Delete = new Operation.DeleteEntry(SmallSetup.ByVlan.Name, "1");
    private static readonly Operation Read = new Operation.GetEntry(SmallSetup.ByVlan.Name, "1");
    private static readonly Answer NotThere = new(ErrorCode.EntryNotFound);

    [Fact]
    public void OverlappingCalls_AnyOrderMayExplainThem()
    {
        Assert.True(Exists(Put(1, 10, ToSim1, 5, created: true), Seen(2, 3, NotThere), Seen(4, 5, At(5, "sim1"))));
        Assert.True(Exists(Put(1, 10, ToSim1, 5, created: true), new Call(1, Delete, default, 2, 9, NotThere)));
    }

    [Fact]
    public void LostUpdate_IsFoundOut()
    {
        var created = Put(1, 2, ToSim1, 5, created: true);
        var first = Put(3, 6, ToSim2, 6) with { Precondition = new Precondition(5) };
        var second = Put(4, 7, ToSim1 with { Condition = Condition.AsSeen }, 7) with { Precondition = new Precondition(5) };
        Assert.False(Exists(created, first, second));
        Assert.True(Exists(created, first, second with { Answer = new Answer(ErrorCode.RevisionMismatch) }));
    }

    [Fact]
    public void StaleRead_IsFoundOut()
    {
        var created = Put(1, 2, ToSim1, 5, created: true);
        var changed = Put(3, 4, ToSim2, 6);
        Assert.False(Exists(created, changed, Seen(5, 6, At(5, "sim1"))));
        Assert.True(Exists(created, changed with { Ended = 7 }, Seen(5, 6, At(5, "sim1"))));
        // Once seen, never unseen.
        Assert.False(Exists(created, changed with { Ended = 20 }, Seen(5, 6, At(6, "sim2")), Seen(7, 8, At(5, "sim1"))));
    }

    [Fact]
    public void RevisionThatGoesBack_IsFoundOut() =>
        Assert.False(Exists(Put(1, 2, ToSim1, 5, created: true), Put(3, 4, ToSim2, 4)));

    [Fact]
    public void RefusedWriteThatHappened_IsFoundOut()
    {
        var refused = Put(1, 2, ToSim1, 5) with { Answer = new Answer(ErrorCode.StoreUnavailable) };
        Assert.True(Exists(refused, Seen(3, 4, NotThere)));
        Assert.False(Exists(refused, Seen(3, 4, At(5, "sim1"))));
    }

    [Fact]
    public void WrongErrorCode_IsFoundOut() =>
        Assert.False(Exists(new Call(0, Delete, default, 1, 2, new Answer(ErrorCode.RevisionMismatch))));

    private static bool Exists(params Call[] history) => Linearization.Exists(history, Model.Empty(SmallSetup.Links, ErrorCode.StoreUnavailable));

    private static Call Put(long begun, long ended, Operation put, long revision, bool created = false) =>
        new(0, put, default, begun, ended, At(revision, ((Operation.PutEntry)put).Target) with { IsCreated = created });

    private static Call Seen(long begun, long ended, Answer answer) => new(1, Read, default, begun, ended, answer);

    private static Answer At(long revision, string target) => new(Revision: revision, Content: SmallSetup.EntryText(target, null, 1));
}
