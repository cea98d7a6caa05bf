using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.UnitTests.Core;

public sealed class OwnerTests
{
    [Fact]
    public async Task Write_OfAnotherOwner_IsRefusedAndNamesTheOwner()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", new EntrySpec("sim0") { Owner = "cni" });

        var error = await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "1", new EntrySpec("sim1") { Owner = "me" }));

        Assert.Equal((ErrorCode.OwnedByOther, "devmaps/vlans/entries/1"), (error.Code, error.Resource));
        Assert.Contains("'cni'", error.Remedy!.Summary, StringComparison.Ordinal);
        Assert.Contains("force=true", error.Remedy.Summary, StringComparison.Ordinal);
        Assert.Equal("sim0", core.Entries.Get("vlans", "1").Spec!.Interface);
    }

    [Fact]
    public async Task Write_OfWhatIsStored_Succeeds()
    {
        await using var core = await CoreFixture.StartAsync();
        var put = await core.PutAsync("vlans", "1", new EntrySpec("sim0") { Owner = "cni" });
        Assert.Equal(put.View.Revision, (await core.PutAsync("vlans", "1", new EntrySpec("sim0") { Owner = "cni" })).View.Revision);
    }

    [Fact]
    public async Task RevisionAndOtherReasons_AreReportedBesideTheOwner()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", new EntrySpec("sim0") { Owner = "cni" });

        var stale = await CoreFixture.FailsAsync(() => core.Entries.DeleteAsync("vlans", "1", new Precondition(77), default));

        Assert.Equal(ErrorCode.RevisionMismatch, stale.Code);
    }

    [Fact]
    public async Task KeyConflict_WithAnOwnedEntry_HasARemedyThatNamesTheOwner()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("ingress", "98765", new EntrySpec("sim1") { Owner = "cni" });
        core.Host.AddInterface("late0", ifindex: 98765);

        var error = await CoreFixture.FailsAsync(() => core.PutAsync("ingress", "late0", new EntrySpec("sim1")));

        Assert.Equal((ErrorCode.KeyConflict, "deleteEntry devmap=ingress key=98765 owner=cni"), (error.Code, error.Remedy!.Call!.ToString()));
    }
}
