using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Simulation;
using ControlPlane.Storage;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Core;

/// <summary>Where a redirect program needs frames for all addresses, the daemon makes the interface promiscuous, and undoes only what it did.</summary>
public sealed class PromiscuityTests : IDisposable
{
    private readonly MemoryStore _store = new();
    private readonly SimulatedHost _host = Host();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData("vlans", "nic0", Promiscuous.Auto, true)]
    [InlineData("ingress", "nic0", Promiscuous.Auto, true)]
    [InlineData("addresses", "nic0", Promiscuous.Auto, false)]
    [InlineData("vlans", "br0", Promiscuous.Auto, false)]
    [InlineData("vlans", "sim0", Promiscuous.Auto, false)]
    [InlineData("vlans", "sim0", Promiscuous.On, true)]
    [InlineData("addresses", "nic0", Promiscuous.On, true)]
    [InlineData("vlans", "nic0", Promiscuous.Off, false)]
    public async Task Attachment_SetsTheFlagWhereItMust_AndDetachClearsIt(string devmap, string name, Promiscuous promiscuous, bool expected)
    {
        await using var core = await StartAsync();

        await AttachAsync(core, devmap, name, promiscuous);

        Assert.Equal(expected, HasFlag(name));
        Assert.Equal(expected ? [new StoredPromiscuity(_host.Interfaces.Find(name)!.Ifindex, name)] : [], _store.Load().Promiscuous);
        await core.Attachments.DeleteAsync(devmap, name, "me", false, RequestContext.OfDaemon());
        Assert.False(HasFlag(name));
        Assert.Empty(_store.Load().Promiscuous);
    }

    [Fact]
    public async Task FlagOfSomebodyElse_Stays()
    {
        _host.ChangeInterface("nic0", i => i with { HasPromiscuousFlag = true, IsPromiscuous = true });
        await using var core = await StartAsync();

        await AttachAsync(core, "vlans", "nic0", Promiscuous.On);
        Assert.Empty(_store.Load().Promiscuous);
        await core.Attachments.DeleteAsync("vlans", "nic0", "me", false, RequestContext.OfDaemon());

        Assert.True(HasFlag("nic0"));
    }

    [Fact]
    public async Task OffInThePlaceOfOn_ClearsTheFlag_AndTheConditionSaysWhatToDo()
    {
        await using var core = await StartAsync();
        await AttachAsync(core, "vlans", "nic0", Promiscuous.On);

        var put = await AttachAsync(core, "vlans", "nic0", Promiscuous.Off);

        Assert.False(HasFlag("nic0"));
        var condition = Condition(put.View.Status);
        Assert.Equal((ConditionStatus.False, "NotPromiscuous"), (condition.Status, condition.Reason));
        Assert.Equal("""putAttachment devmap=vlans interfaceName=nic0 {"mode":"generic","promiscuous":"on","labels":{"rack":"7"},"owner":"me"}""", condition.Remedy!.Call!.ToString());
    }

    [Fact]
    public async Task FlagOutlivesTheDaemon_AndTheNextOneClearsIt()
    {
        await using (var core = await StartAsync())
            await AttachAsync(core, "vlans", "nic0", Promiscuous.Auto);
        Assert.True(HasFlag("nic0"));

        await using var next = await StartAsync();
        Assert.Contains("this daemon set it so", Condition(next.Attachments.Get("vlans", "nic0", RequestContext.OfDaemon()).Status).Message, StringComparison.Ordinal);
        await next.Attachments.DeleteAsync("vlans", "nic0", "me", false, RequestContext.OfDaemon());

        Assert.False(HasFlag("nic0"));
    }

    [Fact]
    public async Task FlagThatNoAttachmentNeedsAtStart_IsCleared()
    {
        var ifindex = _host.Interfaces.Find("nic0")!.Ifindex;
        _host.ChangeInterface("nic0", i => i with { HasPromiscuousFlag = true, IsPromiscuous = true });
        _store.Commit(new StoreBatch(1, [new StoreChange.PutPromiscuity(new StoredPromiscuity(ifindex, "nic0")), new StoreChange.PutPromiscuity(new StoredPromiscuity(999, "gone0"))]));

        await using var core = await StartAsync();

        Assert.False(HasFlag("nic0"));
        Assert.Empty(_store.Load().Promiscuous);
    }

    [Fact]
    public async Task RenamedInterface_LosesTheFlag_AndTheNextOneOfTheNameGetsIt()
    {
        await using var core = await StartAsync();
        await AttachAsync(core, "vlans", "sim0", Promiscuous.On);

        _host.ChangeInterface("sim0", i => i with { Name = "was0" });
        await Eventually.Async(() => !HasFlag("was0"));
        _host.AddInterface("sim0");
        await Eventually.Async(() => HasFlag("sim0"));
        _host.RemoveInterface("sim0");
        await Eventually.Async(() => _store.Load().Promiscuous.Count == 0);
        _host.AddInterface("sim0");

        await Eventually.Async(() => HasFlag("sim0"));
        Assert.Equal([new StoredPromiscuity(_host.Interfaces.Find("sim0")!.Ifindex, "sim0")], _store.Load().Promiscuous);
    }

    [Fact]
    public async Task FlagClearedByHand_IsSetAgain()
    {
        await using var core = await StartAsync();
        await AttachAsync(core, "vlans", "nic0", Promiscuous.Auto);

        _host.ChangeInterface("nic0", i => i with { HasPromiscuousFlag = false, IsPromiscuous = false });

        await Eventually.Async(() => HasFlag("nic0"));
    }

    [Fact]
    public async Task FlagClearedByHand_WithoutANotification_IsForTheAudit()
    {
        await using var core = await StartAsync(k => new ManualLinkEventsKernel(k));
        await AttachAsync(core, "vlans", "nic0", Promiscuous.Auto);
        await AttachAsync(core, "ingress", "sim0", Promiscuous.Auto);
        _host.ChangeInterface("nic0", i => i with { HasPromiscuousFlag = false, IsPromiscuous = false });

        Assert.Equal(0, (await core.Audits.AuditAsync("ingress", false, RequestContext.OfDaemon())).Found);
        var found = Assert.Single((await core.Audits.AuditAsync("vlans", false, RequestContext.OfDaemon())).Drifts);
        Assert.Equal((DriftKind.NotPromiscuous, "nic0", false), (found.Kind, found.Interface, found.Repaired));
        Assert.Equal("auditDevmap devmap=vlans", Condition(core.Attachments.Get("vlans", "nic0", RequestContext.OfDaemon()).Status).Remedy!.Call!.ToString());
        Assert.True(Assert.Single((await core.Audits.AuditAsync("vlans", true, RequestContext.OfDaemon())).Drifts).Repaired);

        Assert.True(HasFlag("nic0"));
    }

    [Fact]
    public async Task ChangedMode_KeepsTheFlag()
    {
        await using var core = await StartAsync();
        await AttachAsync(core, "vlans", "sim0", Promiscuous.On);

        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Tcx, Promiscuous.On) { Owner = "me" }, false, RequestContext.OfDaemon());

        Assert.True(HasFlag("sim0"));
        await core.Attachments.DeleteAsync("vlans", "sim0", "me", false, RequestContext.OfDaemon());
        Assert.False(HasFlag("sim0"));
    }

    [Fact]
    public async Task StoreThatFails_TheFlagIsNotSet_UntilTheStoreWorks()
    {
        var store = new ForgetfulStore(_store);
        await using var core = await CoreFixture.StartAsync(_host, store: store);
        await AttachAsync(core, "vlans", "nic0", Promiscuous.Auto);
        Assert.False(HasFlag("nic0"));
        store.Fails = false;
        await core.PutAsync("vlans", "10", "sim1");

        Assert.True(HasFlag("nic0"));
        Assert.Single(_store.Load().Promiscuous);
    }

    private static SimulatedHost Host()
    {
        var host = SimulatedHost.WithInterfaces();
        host.AddInterface("nic0", null);
        host.ChangeInterface("nic0", i => i with { IsHardware = true });
        host.AddInterface("br0", "bridge", XdpFeatures.None);
        return host;
    }

    private Task<CoreFixture> StartAsync(Func<IKernel, IKernel>? wrap = null) => CoreFixture.StartAsync(_host, wrap, store: _store);

    private bool HasFlag(string name) => _host.Interfaces.Find(name) is { HasPromiscuousFlag: true };

    private static Condition Condition(AttachmentStatus status) => status.Conditions.Single(c => c.Type == ConditionTypes.IngressReceivesAll);

    private static Task<ControlPlane.Core.Api.PutOutcome<Attachment>> AttachAsync(CoreFixture core, string devmap, string name, Promiscuous promiscuous) =>
        core.Attachments.PutAsync(devmap, name, new AttachmentSpec(AttachMode.Generic, promiscuous, Labels.Of([new("rack", "7")]), "me"), false, RequestContext.OfDaemon());

    /// <summary>A store that cannot note which interfaces are promiscuous.</summary>
    private sealed class ForgetfulStore(MemoryStore inner) : IStore
    {
        public bool Fails { get; set; } = true;

        public StoredState Load() => inner.Load();

        public void Commit(StoreBatch batch)
        {
            if (Fails && batch.Changes.Any(c => c is StoreChange.PutPromiscuity))
                throw new StoreException("database or disk is full");
            inner.Commit(batch);
        }

        public void Dispose() => inner.Dispose();
    }
}
