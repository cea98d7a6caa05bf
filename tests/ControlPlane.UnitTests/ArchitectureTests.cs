using System.Reflection;
using System.Runtime.InteropServices;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel;
using ControlPlane.Simulation;
using ControlPlane.Storage;

namespace ControlPlane.UnitTests;

/// <summary>Dependencies point inwards, the folders of a project form a stack, and native calls stay in their folder.</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly _core = typeof(IKernel).Assembly;
    private static readonly Assembly _kernel = typeof(KernelServices).Assembly;
    private static readonly Assembly _simulation = typeof(SimulatedKernel).Assembly;
    private static readonly Assembly _storage = typeof(MemoryStore).Assembly;

    /// <summary>The projects whose folders form a stack.</summary>
    public static TheoryData<string> Stacks { get; } = [.. new[] { _kernel, _simulation, _storage }.Select(a => a.GetName().Name!)];

    [Theory]
    [MemberData(nameof(Stacks))]
    public void Folders_HaveNoCycle(string project) => FolderGraph.Of(project).AssertNoCycle();

    // REST is not yet in its place in the stack.
    [Fact]
    public void FoldersOfTheDaemon_HaveNoCycle() => FolderGraph.Of("ControlPlane.Daemon", except: "ControlPlane.Daemon.Rest").AssertNoCycle();

    [Theory]
    [MemberData(nameof(Stacks))]
    public void Namespaces_AreThoseOfTheFolders(string project) => FolderGraph.AssertNamespaces(project);

    [Theory]
    [MemberData(nameof(Stacks))]
    public void Folders_HaveAReadme(string project) => Assert.All(
        FolderGraph.Folders(project), folder => Assert.True(File.Exists(Path.Combine(folder, "README.md")), $"{folder} has no README.md"));

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
