using ControlPlane.EndToEndTests.World;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Names of interfaces that are awkward in paths, pins or tables.</summary>
public sealed class NameTests
{
    // In a namespace of its own no name needs to be unique.
    [Theory]
    [InlineData("in.100", "out.200.7")]
    [InlineData("fifteen-chars-i", "fifteen.chars.o")]
    [InlineData("in@x", "+out=~")]
    public async Task AwkwardNames_AttachSteerAndSurviveARestart(string ingressName, string targetName)
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(ingressName), site.AddPort(targetName));
        var key = Uri.EscapeDataString(ingressName);
        await site.Http.AttachAsync(Site.ByInterface, key);
        await site.Http.PutEntryAsync(Site.ByInterface, key, targetName);

        for (var round = 1; round <= 2; round++)
        {
            var run = FrameMark.NewRun();
            var frame = Frames.Udp(new FrameMark(run, 0));
            Assert.Equal([frame], ingress.Send([frame], run, target)[0]);
            var entry = await site.Http.EntryAsync(Site.ByInterface, key);
            Assert.Equal((ingressName, targetName, (ulong)round), (entry.Key, entry.Interface, entry.Status.Packets));
            var attachment = await site.Http.ReadAsync<Attachment>($"/v1/devmaps/{Site.ByInterface}/attachments/{key}");
            Assert.Equal((ingressName, "Attached"), (attachment.Interface, attachment.Status.State));

            Assert.Equal(0, await site.Home.StopAsync());
            await site.Home.StartAsync();
        }

        await site.Http.RemoveAsync($"/v1/devmaps/{Site.ByInterface}/attachments/{key}");
        Assert.Empty(Directory.GetFiles($"{site.Home.PinRoot}/devmaps/{Site.ByInterface}/links"));
    }
}
