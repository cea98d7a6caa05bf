using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Storage;

namespace ControlPlane.UnitTests.Core;

/// <summary>Tokens in the core: durable, found by their secrets, and limited.</summary>
public sealed class TokenTests
{
    [Fact]
    public async Task Token_OutlivesTheDaemon_AndItsSecretIsNotStored()
    {
        using var store = new MemoryStore();
        string secret;
        await using (var core = await CoreFixture.StartAsync(store: store))
        {
            secret = (await CreateAsync(core, "ci")).Secret;
            await CreateAsync(core, "gone");
            await core.Tokens.DeleteAsync("gone", RequestContext.OfDaemon());
        }

        await using var next = await CoreFixture.StartAsync(store: store);
        Assert.Equal("ci", next.Tokens.Authenticate(secret).Name);
        Assert.Equal(["ci"], next.Tokens.List(RequestContext.OfDaemon()).Select(t => t.Name));
        Assert.DoesNotContain(secret, store.Load().Tokens.Single().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoOfOneName_AtOnce_OneIsRefused()
    {
        await using var core = await CoreFixture.StartAsync();
        var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(async _ =>
        {
            try
            {
                return (await CreateAsync(core, "same")).Secret;
            }
            catch (ControlPlaneException e)
            {
                return e.Error.Code.Text();
            }
        }));
        Assert.Single(both, "already_exists");
        Assert.Equal("same", core.Tokens.Authenticate(both.Single(s => s != "already_exists")).Name);
    }

    [Theory]
    [InlineData("10", "20", "10", true)]
    [InlineData("10", "20", "20", true)]
    [InlineData("10", "20", "9", false)]
    [InlineData("10", "20", "21", false)]
    [InlineData("veth-a", "veth-c", "veth-b", true)]
    [InlineData("veth-a", "veth-a", "veth-a", true)]
    [InlineData("veth-a", "veth-c", "veth-d", false)]
    [InlineData("veth-a", "veth-c", "3", false)]
    [InlineData("1", "9", "veth-a", false)]
    public void KeyRange_HasBothEnds(string from, string to, string key, bool contains) => Assert.Equal(
        contains, new KeyRange("d", from, to).Contains(KeySelector.IngressInterface, KeySelector.IngressInterface.Parse(key, out _)!.Value));

    [Theory]
    [InlineData("sim1", true)]
    [InlineData("3", true)]
    [InlineData("sim2", false)]
    [InlineData("4", false)]
    public async Task Limit_OfNames_HoldsForTheIndexOfAnInterface(string key, bool allowed)
    {
        await using var core = await CoreFixture.StartAsync();
        Assert.Equal([3u, 4u], new[] { "sim1", "sim2" }.Select(name => core.Kernel.Interfaces.Query(name)!.Ifindex));
        var caller = new Caller("test") { Token = "limited", Role = Role.Operator, Limits = new TokenLimits([], [], [new KeyRange("ingress", "sim1", "sim1")]) };
        var put = core.Entries.PutAsync("ingress", key, new EntrySpec("sim0"), false, RequestContext.OfDaemon() with { Caller = caller });
        if (allowed)
            Assert.Equal("sim1", (await put).View.Key);
        else
            Assert.Equal(ErrorCode.PermissionDenied, (await Assert.ThrowsAsync<ControlPlaneException>(() => put)).Error.Code);
    }

    private static Task<CreatedToken> CreateAsync(CoreFixture core, string name) =>
        core.Tokens.CreateAsync(new TokenRequest(name, Role.Viewer, null, null, null, null), RequestContext.OfDaemon());
}
