using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests;

/// <summary>Alternative names of interfaces mean the interface wherever a request takes a name, and answers give the interface's own name.</summary>
public sealed class AltNameTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private const string Short = "uplink-short";
    private const string Long = "enp131s0f1npf0vf22-longer-than-15";

    [Fact]
    public async Task EveryRequest_TakesAltNames_AndAnswersGiveTheName()
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        testbed.Batch(Add(ingress.Name, Short), Add(target.Name, Long));
        var devmap = $"/v1/devmaps/{Testbed.ByInterface}";

        Assert.Equal(ingress.Name, (await testbed.Http.AttachAsync(Testbed.ByInterface, Short)).Interface);
        var put = await testbed.Http.PutEntryAsync(Testbed.ByInterface, Short, Long);

        Assert.Equal((ingress.Name, target.Name, "Forwarding"), (put.Key, put.Interface, put.Status.State));
        ingress.AssertReaches(target);
        // The same entry under all names, and no second one.
        Assert.Equal(put.Revision, (await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name)).Revision);
        Assert.Equal(put.Revision, (await testbed.Http.EntryAsync(Testbed.ByInterface, Short)).Revision);
        Assert.Equal(ingress.Name, Assert.Single(await testbed.Http.ListAsync(Testbed.ByInterface, $"interface={Long}")).Key);
        Assert.Equal(ingress.Name, (await testbed.Http.ReadAsync<Attachment>($"{devmap}/attachments/{Short}")).Interface);
        Assert.Equal("leaves", (await testbed.Http.ReadAsync<Explanation>($"{devmap}:explain?ingress={Short}")).Verdict.Outcome);
        Assert.Equal("leaves", (await testbed.Http.ReadAsync<Explanation>($"{devmap}/entries/{Short}:explain")).Verdict.Outcome);
        var shown = await testbed.Http.ReadAsync<Interface>($"/v1/interfaces/{Long}");
        Assert.Equal((target.Name, put.Revision), (shown.Name, shown.Revision));
        Assert.Equal([Long], shown.AltNames);

        await testbed.Http.WriteAsync<EgressProgram>("/v1/programs/counted", new { template = "count" });
        Assert.Equal(target.Name, (await testbed.Http.SetEgressProgramAsync(Long, "counted")).Interface);
        Assert.Equal("counted", (await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name)).EgressProgram);

        await testbed.Http.RemoveAsync($"{devmap}/entries/{Short}");
        await testbed.Http.RemoveAsync($"{devmap}/attachments/{Short}");
        Assert.Empty(await testbed.Http.ListAsync(Testbed.ByInterface));
    }

    [Fact]
    public async Task AltNameThatAppearsAndGoes_PlacesAndRemovesWhatWaitsForIt()
    {
        await using var testbed = await daemon.UseAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.WriteAsync<Attachment>($"/v1/devmaps/{Testbed.ByInterface}/attachments/{Short}?allowPending=true", new { mode = "native" });
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, Short, Long, allowPending: true);
        await testbed.WaitForStateAsync(Testbed.ByInterface, Short, "Pending");

        testbed.Batch(Add(ingress.Name, Short), Add(target.Name, Long));
        await testbed.WaitForStateAsync(Testbed.ByInterface, Short, "Forwarding");
        ingress.AssertReaches(target);
        var entry = await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name);
        Assert.Equal((ingress.Name, target.Name), (entry.Key, entry.Interface));
        await testbed.AssertConsistentAsync();

        testbed.Batch($"link property del dev {target.Name} altname {Long}");
        await testbed.WaitForStateAsync(Testbed.ByInterface, Short, "Pending");
        ingress.AssertDoesNotReach(target);
        testbed.Batch(Add(target.Name, Long));
        await testbed.WaitForStateAsync(Testbed.ByInterface, Short, "Forwarding");
        ingress.AssertReaches(target);
    }

    [Fact]
    public async Task OneDeviceUnderTwoNames_StillHasOneEgressProgram()
    {
        await using var testbed = await daemon.UseAsync();
        var target = testbed.AddPort();
        await testbed.Http.WriteAsync<EgressProgram>("/v1/programs/counted", new { template = "count" });
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.1", Long, "counted", allowPending: true);
        testbed.Batch(Add(target.Name, Long));
        await testbed.WaitForStateAsync(Testbed.ByAddress, "10.0.0.1", "Forwarding");

        var refused = await testbed.Http.RefusedAsync($"/v1/devmaps/{Testbed.ByAddress}/entries/10.0.0.2", new { @interface = target.Name });

        Assert.Equal("egress_program_conflict", refused.Code);
    }

    private static string Add(string name, string altName) => $"link property add dev {name} altname {altName}";
}
