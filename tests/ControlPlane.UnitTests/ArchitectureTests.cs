using System.Reflection;
using System.Runtime.InteropServices;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel;
using ControlPlane.Simulation;
using ControlPlane.TestCommon;

namespace ControlPlane.UnitTests;

/// <summary>Dependencies point inwards, the folders of a project form a stack, and native calls stay in their folder.</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly _core = typeof(IKernel).Assembly;
    private static readonly Assembly _kernel = typeof(KernelServices).Assembly;
    private static readonly Assembly _simulation = typeof(SimulatedKernel).Assembly;

    /// <summary>The folders of a project from the bottom of its stack to the top; "" is the root.</summary>
    private static readonly Dictionary<string, string[]> _orders = new()
    {
        ["ControlPlane.Core"] =
        [
            "Errors", "Model", "Fairness", "Ports", "State", "Status", "Explaining",
            "Writing.Plan", "Writing.Commands", "Writing.Apply", "Writing.Loop", "Writing", "Auditing", "Watching", "Waiting", "Api", "",
        ],
        ["ControlPlane.Kernel"] = ["Native", "Objects", "Ids", "Guards", "Programs", "Targets", "Drops", "Devmaps", "Netlink", "Probing", "LiveFrames", "Hosting", ""],
    };

    /// <summary>The projects whose folders form a stack.</summary>
    public static TheoryData<string> Stacks { get; } = ["ControlPlane.Core", "ControlPlane.Kernel", "ControlPlane.Simulation", "ControlPlane.Storage"];

    /// <summary>All projects.</summary>
    public static TheoryData<string> Projects { get; } =
        ["ControlPlane.Core", "ControlPlane.Daemon", "ControlPlane.Kernel", "ControlPlane.Simulation", "ControlPlane.Storage"];

    [Theory]
    [MemberData(nameof(Stacks))]
    public void Folders_HaveNoCycle(string project) => FolderGraph.Of(project).AssertNoCycle();

    [Theory]
    [MemberData(nameof(Stacks))]
    public void Folders_UseOnlyFoldersBelow(string project)
    {
        if (_orders.TryGetValue(project, out var order))
            FolderGraph.Of(project).AssertOrder(order);
    }

    [Fact]
    public void FoldersOfTheDaemon_HaveNoCycle() => FolderGraph.Of("ControlPlane.Daemon").AssertNoCycle();

    [Theory]
    [MemberData(nameof(Projects))]
    public void Namespaces_AreThoseOfTheFolders(string project) => FolderGraph.AssertNamespaces(project);

    [Theory]
    [MemberData(nameof(Stacks))]
    public void Folders_HaveAReadme(string project) => Assert.All(
        FolderGraph.Folders(project), folder => Assert.True(File.Exists(Path.Combine(folder, "README.md")), $"{folder} has no README.md"));

    [Theory]
    [InlineData("ControlPlane.Core")]
    [InlineData("ControlPlane.Kernel", "ControlPlane.Core")]
    [InlineData("ControlPlane.Simulation", "ControlPlane.Core")]
    [InlineData("ControlPlane.Storage", "ControlPlane.Core")]
    [InlineData("devmapd", "ControlPlane.Core", "ControlPlane.Kernel", "ControlPlane.Simulation", "ControlPlane.Storage", "ControlPlane.TableFiles")]
    [InlineData("ControlPlane.TableFiles")]
    public void Projects_ReferenceOnlyProjectsFurtherIn(string assembly, params string[] allowed) => Assert.Subset(
        allowed.ToHashSet(),
        Assembly.Load(assembly).GetReferencedAssemblies().Select(r => r.Name!).Where(n => n.StartsWith("ControlPlane.", StringComparison.Ordinal)).ToHashSet());

    [Fact]
    public void Core_ReferencesOnlyTheRuntimeAndAbstractions() =>
        Assert.All(_core.GetReferencedAssemblies(), r => Assert.True(
            r.Name!.StartsWith("System.", StringComparison.Ordinal)
            || r.Name is "Microsoft.Extensions.Logging.Abstractions" or "Microsoft.Extensions.DependencyInjection.Abstractions",
            r.Name));

    [Fact]
    public void Kernel_ReferencesCoreAndNoWebFramework() => AssertReferencesOnlyCore(_kernel);

    [Fact]
    public void Simulation_ReferencesCoreAndNoWebFramework() => AssertReferencesOnlyCore(_simulation);

    [Fact]
    public void Core_HasNoNativeCalls() => Assert.Empty(NativeMethods(_core));

    [Fact]
    public void Simulation_HasNoNativeCalls() => Assert.Empty(NativeMethods(_simulation));

    [Fact]
    public void Kernel_HasNativeCallsInItsNativeFolderOnly() =>
        Assert.All(NativeMethods(_kernel), m => Assert.Equal("ControlPlane.Kernel.Native", m.DeclaringType!.Namespace));

    [Fact]
    public void Errors_AreMadeByTheirCatalogueOnly()
    {
        var errors = Path.Combine(Repository.PathOf("src"), "ControlPlane.Core", "Errors");
        Assert.Empty(
            from file in Directory.EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories)
            where !file.StartsWith(errors, StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal)
            from line in File.ReadLines(file)
            where line.Contains("new Error(", StringComparison.Ordinal) || line.Contains("new(ErrorCode.", StringComparison.Ordinal)
            select $"{file}: {line.Trim()}");
    }

    private static void AssertReferencesOnlyCore(Assembly assembly) =>
        Assert.All(assembly.GetReferencedAssemblies(), r => Assert.True(
            r.Name!.StartsWith("System.", StringComparison.Ordinal)
            || r.Name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)
            || r.Name is "ControlPlane.Core" or "Microsoft.Win32.Primitives",
            r.Name));

    private static IEnumerable<MethodInfo> NativeMethods(Assembly assembly) => assembly.GetTypes()
        .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Where(m => m.GetCustomAttribute<DllImportAttribute>() is not null || m.GetCustomAttribute<LibraryImportAttribute>() is not null);
}
