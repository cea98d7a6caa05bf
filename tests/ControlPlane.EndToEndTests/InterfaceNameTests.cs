using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests;

/// <summary>Interface names with characters that are special in paths, pins or tables.</summary>
public sealed class InterfaceNameTests
{
    // The namespace is the test's own, so names need not be unique.
    [Theory]
    [InlineData("in.100", "out.200.7")]
    [InlineData("fifteen-chars-i", "fifteen.chars.o")]
    [InlineData("in@x", "+out=~")]
    public async Task SpecialNames_AttachForwardAndSurviveARestart(string ingressName, string targetName)
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(ingressName), testbed.AddPort(targetName));
        var key = Uri.EscapeDataString(ingressName);
        await testbed.Http.AttachAsync(Testbed.ByInterface, key);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, key, targetName);

        for (var round = 1; round <= 2; round++)
        {
            ingress.AssertReaches(target);
            var entry = await testbed.Http.EntryAsync(Testbed.ByInterface, key);
            Assert.Equal((ingressName, targetName, (ulong)round), (entry.Key, entry.Interface, entry.Status.Packets));
            var attachment = await testbed.Http.ReadAsync<Attachment>($"/v1/devmaps/{Testbed.ByInterface}/attachments/{key}");
            Assert.Equal((ingressName, "Attached"), (attachment.Interface, attachment.Status.State));

            Assert.Equal(0, await testbed.Runner.StopAsync());
            await testbed.Runner.StartAsync();
        }

        await testbed.Http.RemoveAsync($"/v1/devmaps/{Testbed.ByInterface}/attachments/{key}");
        Assert.Empty(Directory.GetFiles($"{testbed.Runner.PinRoot}/devmaps/{Testbed.ByInterface}/links"));
    }
}
