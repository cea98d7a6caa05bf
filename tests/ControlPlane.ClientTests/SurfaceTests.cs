using System.Reflection;
using ControlPlane.Client;
using ControlPlane.TestCommon;
using ControlPlane.Testing;
using Devmapd.V1;
using PublicApiGenerator;

namespace ControlPlane.ClientTests;

/// <summary>The public API of the packages: recorded, and complete.</summary>
public sealed class SurfaceTests
{
    [Fact]
    [Trait("Group", "snapshot")]
    public void Client_IsAsRecorded() => Snapshot.AssertMatches(
        "tests/ControlPlane.ClientTests/Snapshots/Devmapd.Client.txt", ApiOf(typeof(DevmapdClient).Assembly, typeof(DevmapdClient).Namespace!));

    [Fact]
    [Trait("Group", "snapshot")]
    public void Testing_IsAsRecorded() => Snapshot.AssertMatches(
        "tests/ControlPlane.ClientTests/Snapshots/Devmapd.Testing.txt", ApiOf(typeof(SimulatedDevmapd).Assembly, typeof(SimulatedDevmapd).Namespace!));

    [Fact]
    public void Interface_HasEveryCallOfTheContract()
    {
        var methods = typeof(IDevmapClient).GetMethods().Select(m => m.Name).ToHashSet();
        var services = new[]
        {
            DevmapService.Descriptor, ProgramService.Descriptor, LeaseService.Descriptor, TokenService.Descriptor, ChangeService.Descriptor, StateService.Descriptor,
            HostService.Descriptor,
        };
        Assert.All(services.SelectMany(s => s.Methods), call => Assert.Contains(call.Name + "Async", methods));
        Assert.All(typeof(DevmapService).Assembly.GetTypes().Where(t => t.Name.EndsWith("ServiceBase", StringComparison.Ordinal)), t =>
            Assert.Contains(t.Name[..^"Base".Length], services.Select(s => s.Name)));
    }

    [Fact]
    public void Errors_AreThoseOfTheCatalogue()
    {
        var catalogue = File.ReadAllText(Repository.PathOf("docs/errors.md"));
        var codes = typeof(DevmapdErrors).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetRawConstantValue()!).ToList();
        Assert.NotEmpty(codes);
        Assert.All(codes, code => Assert.Contains($"`{code}`", catalogue, StringComparison.Ordinal));
    }

    private static string ApiOf(Assembly assembly, string space) => assembly.GeneratePublicApi(new ApiGeneratorOptions
    {
        IncludeTypes = [.. assembly.GetExportedTypes().Where(t => t.Namespace == space)],
        IncludeAssemblyAttributes = false,
    }).ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
}
